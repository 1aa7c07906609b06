package rejoinder.bench;

record SumReply(double sum) {}
