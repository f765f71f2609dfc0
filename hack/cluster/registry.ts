const HUB = "https://registry-1.docker.io/v2/";
const PATIENCE_MS = 4000;

/**
 * Can images be pulled from here? Decides whether they are pulled or made on the spot.
 * Any answer of the registry's API counts: without credentials it is a 401.
 */
export async function registryInReach(): Promise<boolean> {
  try {
    const answer = await fetch(HUB, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.headers.has("docker-distribution-api-version");
  } catch {
    return false;
  }
}
