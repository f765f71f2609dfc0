import { readFile } from "node:fs/promises";
import { JUDGE_SECRET_KEY } from "../../src/api/v1alpha1/canary-judge.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "../../src/controllers/pod-parts.ts";

const NAME = "judge-model";
const SERVER = "test/e2e/judge-server.ts";
/** The server and what it imports, by their paths in this repository. */
const SOURCES = [
  SERVER,
  "trainer-image/src/demo/utility.ts",
  "trainer-image/src/demo/phrases.ts",
  "trainer-image/src/random.ts",
];
const FOLDER = "/judge";

/** What a canary says to be judged by it. */
export const JUDGE = {
  name: "strict",
  url: `http://${NAME}/v1`,
  model: "courteous",
  secretRef: { name: NAME },
} as const;

/** A model server that judges by courtesy and asks for a key, and the Secret with that key. `image`: any with Node in it. */
export async function judgeModel(image: string, key: string): Promise<object[]> {
  const labels = { app: NAME };
  const texts = await Promise.all(SOURCES.map(async (path) => [fileKey(path), await readFile(path, "utf8")]));
  const items = SOURCES.map((path) => ({ key: fileKey(path), path }));
  const container = {
    name: "server",
    image,
    command: ["node", `${FOLDER}/${SERVER}`],
    env: [
      { name: "JUDGE_MODEL", value: JUDGE.model },
      { name: "JUDGE_KEY", valueFrom: { secretKeyRef: { name: NAME, key: JUDGE_SECRET_KEY } } },
    ],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [{ name: "sources", mountPath: FOLDER }],
  };
  const volumes = [{ name: "sources", configMap: { name: NAME, items } }];
  const template = { metadata: { labels }, spec: { ...RESTRICTED_POD, containers: [container], volumes } };
  return [
    { apiVersion: "v1", kind: "Secret", metadata: { name: NAME }, stringData: { [JUDGE_SECRET_KEY]: key } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME }, data: Object.fromEntries(texts) },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: NAME },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: NAME },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    },
  ];
}

/** Keys of a ConfigMap have no slashes. */
function fileKey(path: string): string {
  return path.replaceAll("/", "_");
}
