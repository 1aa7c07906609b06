package rejoinder.interop;

record SumReply(double sum) {}
