package rejoinder.interop;

record SumRequest(double a, double b) {}
