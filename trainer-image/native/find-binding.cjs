// Takes the place of @mapbox/node-pre-gyp in the image's bundle of tfjs-node: there the binding is at one known place.
const path = require("node:path");

exports.find = (packageJson) => path.join(path.dirname(packageJson), "lib/napi-v8/tfjs_binding.node");
