/**
 * What the programs use of undici, which the bundle has in place of all of it: its fetch, its WebSocket, its caches and
 * its mocks are five megabytes of every process. `request` is a method of all three, as with the whole package.
 */
const Dispatcher = require("undici/lib/dispatcher/dispatcher.js");

Object.assign(Dispatcher.prototype, require("undici/lib/api/index.js"));

module.exports = {
  Agent: require("undici/lib/dispatcher/agent.js"),
  Client: require("undici/lib/dispatcher/client.js"),
  Pool: require("undici/lib/dispatcher/pool.js"),
};
