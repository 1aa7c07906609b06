import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/**
 * Writes what Apache Kafka's own Java client makes of keys: a line a key, tab-separated: its UTF-8 in base64, its murmur2 hash, and
 * its partition of 6, 7 and 1000. Made murmur2.tsv with kafka-clients 4.1.0:
 *
 *   mvn dependency:copy -Dartifact=org.apache.kafka:kafka-clients:4.1.0 -DoutputDirectory=libs
 *   java -cp 'libs/*' Murmur2Vectors.java > murmur2.tsv
 */
class Murmur2Vectors {
    public static void main(String[] arguments) {
        Random random = new Random(42);
        for (int index = 0; index < 400; index++) {
            byte[] key = randomKey(random, index % 70).getBytes(StandardCharsets.UTF_8);
            System.out.printf(
                "%s\t%d\t%d\t%d\t%d%n",
                Base64.getEncoder().encodeToString(key),
                Utils.murmur2(key),
                BuiltInPartitioner.partitionForKey(key, 6),
                BuiltInPartitioner.partitionForKey(key, 7),
                BuiltInPartitioner.partitionForKey(key, 1000));
        }
    }

    /** Letters, and now and then characters of two, three and four bytes. */
    private static String randomKey(Random random, int length) {
        StringBuilder key = new StringBuilder();
        for (int index = 0; index < length; index++) {
            switch (random.nextInt(8)) {
                case 0 -> key.appendCodePoint(0x80 + random.nextInt(0x700));
                case 1 -> key.appendCodePoint(0x3040 + random.nextInt(0x2000));
                case 2 -> key.appendCodePoint(0x1F300 + random.nextInt(0x300));
                default -> key.append((char) ('!' + random.nextInt(94)));
            }
        }
        return key.toString();
    }
}
