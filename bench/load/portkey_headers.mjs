// Portkey 1.15.2 writes to the immutable headers of a fetched stream and answers 500 on Node 20
// (its issues #1389 and #1550). Loaded before it, this makes such a write do nothing instead,
// so that its streaming can be measured at all.
for (const method of ["append", "set", "delete"]) {
  const original = Headers.prototype[method];
  Headers.prototype[method] = function (...args) {
    try {
      return original.apply(this, args);
    } catch (error) {
      if (error.message !== "immutable") throw error;
    }
  };
}
