/** Two subnets that are rarely a network of the machine's own. */
export const SERVICE_SUBNET = "10.97.0.0/16";
export const POD_SUBNET = "10.245.0.0/16";

/** The Gateway that the demo's and the tests' routes attach to, as gateway.yaml declares it. */
export const GATEWAY = { namespace: "gateways", name: "public", port: 8080 } as const;

/** On the Gateway: where this machine reaches it. */
export const GATEWAY_URL_ANNOTATION = "dpo.dev/gateway-url";
