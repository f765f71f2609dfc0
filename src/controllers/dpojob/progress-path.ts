import { API_VERSION } from "../../api/v1alpha1/object.ts";

/** Where a job's trainer pushes its progress: KEP-2779's path, under our group. */
export function progressPath(namespace: string, name: string): string {
  return `/apis/${progressAudience(namespace, name)}`;
}

/** The audience of the trainer's token: good for its own job's progress and for nothing else. */
export function progressAudience(namespace: string, name: string): string {
  return `${API_VERSION}/namespaces/${namespace}/dpojobs/${name}/status`;
}
