import { type Caller, request } from "./request.ts";

/** Creates the ServiceAccount where it is missing and returns a token for it: to act as the product does in a pod. */
export async function serviceAccountToken(
  admin: Caller,
  namespace: string,
  name: string,
  audiences: readonly string[] = [],
): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await request(admin, "POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
  const { status, body } = await request(admin, "POST", `${accounts}/${name}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { audiences },
  });
  if (status !== 201) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${status} ${body}`);
  return (JSON.parse(body) as { status: { token: string } }).status.token;
}
