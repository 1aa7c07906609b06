import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { MessagePattern, Payload, RpcException, Transport } from "@nestjs/microservices";

type Settings = {
  readonly brokers: readonly string[];
  readonly topics: Readonly<Record<"sum" | "failing" | "broken" | "refusing", string>>;
};

class SumController {
  sum({ a, b }: { readonly a: number; readonly b: number }) {
    return { sum: a + b };
  }

  fail() {
    throw new RpcException("This responder says that it failed.");
  }

  break() {
    throw new Error("This is not for everybody.");
  }

  refuse() {
    throw new RpcException({ type: "about:blank", title: "Conflict", status: 409, code: "SOLD_OUT" });
  }
}

// oxlint-disable-next-line typescript/no-extraneous-class -- what a module of Nest is
class SumModule {}

/** Decorators are functions, and Node runs no other notation of them. */
const decorate = ({ topics }: Settings): void => {
  const { prototype } = SumController;
  const respondTo = (topic: string, method: "sum" | "fail" | "break" | "refuse"): void => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method) as PropertyDescriptor;
    MessagePattern(topic, Transport.KAFKA)(prototype, method, descriptor);
    Payload()(prototype, method, 0);
  };
  respondTo(topics.sum, "sum");
  respondTo(topics.failing, "fail");
  respondTo(topics.broken, "break");
  respondTo(topics.refusing, "refuse");
  Controller()(SumController);
  Module({ controllers: [SumController] })(SumModule);
};

if (import.meta.main) {
  const settings = JSON.parse(process.argv[2] as string) as Settings;
  decorate(settings);
  const app = await NestFactory.createMicroservice(SumModule, {
    transport: Transport.KAFKA,
    options: {
      client: { brokers: [...settings.brokers] },
      consumer: { groupId: settings.topics.sum },
      subscribe: { fromBeginning: true },
    },
    logger: ["error"],
  });
  await app.listen();
  console.log('{"ready":true}');
  process.stdin.resume().on("end", () => void app.close().then(() => process.exit(0)));
}
