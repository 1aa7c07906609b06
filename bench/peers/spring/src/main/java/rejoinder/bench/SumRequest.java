package rejoinder.bench;

record SumRequest(double a, double b) {}
