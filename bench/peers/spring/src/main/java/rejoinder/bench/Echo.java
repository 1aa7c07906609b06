package rejoinder.bench;

/** Sent back as it came. */
record Echo(String text) {}
