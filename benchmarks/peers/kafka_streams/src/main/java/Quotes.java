import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer: Kafka Streams, one processor, a store in memory with its changelog topic and record
 * cache. Last, high, low and count of each ticker. Other settings are the defaults.
 */
public final class Quotes {
    private static final JsonFactory JSON = new JsonFactory();
    private static final AtomicLong SEEN = new AtomicLong();
    private static volatile long started;
    private static volatile long cpu;

    private static long wanted;
    private static long ticksPerRecord;
    private static Path folder;

    public static void main(String[] args) {
        wanted = Long.parseLong(args[3]);
        ticksPerRecord = Long.parseLong(args[4]);
        folder = Path.of(args[5]);
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[6]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.resolve("state").toString());
        settings.put("auto.offset.reset", "earliest");
        new KafkaStreams(topology(args[1]), settings).start();
    }

    private static Topology topology(String topic) {
        Topology topology = new Topology();
        topology.addSource(
                "ticks", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), topic);
        topology.addProcessor("keep", Keep::new, "ticks");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore("quotes"),
                                Serdes.String(),
                                Serdes.ByteArray())
                        .withLoggingEnabled(java.util.Map.of())
                        .withCachingEnabled(),
                "keep");
        return topology;
    }

    private static final class Keep extends ContextualProcessor<String, byte[], Void, Void> {
        private KeyValueStore<String, byte[]> quotes;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            quotes = context.getStateStore("quotes");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            String ticker = null;
            double price = 0.0;
            try (JsonParser parser = JSON.createParser(record.value())) {
                while (parser.nextToken() != null) {
                    if (parser.currentToken() == JsonToken.FIELD_NAME) {
                        String name = parser.currentName();
                        parser.nextToken();
                        if (name.equals("ticker")) {
                            ticker = parser.getText();
                        } else if (name.equals("price")) {
                            price = parser.getDoubleValue();
                        }
                    }
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            byte[] held = quotes.get(ticker);
            double high = price;
            double low = price;
            long count = 1;
            if (held != null) {
                ByteBuffer before = ByteBuffer.wrap(held);
                high = Math.max(high, before.getDouble(8));
                low = Math.min(low, before.getDouble(16));
                count += before.getLong(24);
            }
            byte[] now = new byte[32];
            ByteBuffer.wrap(now).putDouble(price).putDouble(high).putDouble(low).putLong(count);
            quotes.put(ticker, now);
            done();
        }
    }

    private static void done() {
        long seen = SEEN.incrementAndGet();
        if (seen == 1) {
            cpu = processorTime();
            started = System.nanoTime();
        } else if (seen == wanted) {
            answer((System.nanoTime() - started) / 1e9, (processorTime() - cpu) / 1e9);
        }
    }

    private static long processorTime() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static void answer(double seconds, double cpuSeconds) {
        String text =
                String.format(
                        java.util.Locale.ROOT,
                        "{\"ticks\": %d, \"seconds\": %.6f, \"cpu_seconds\": %.6f}",
                        (wanted - 1) * ticksPerRecord,
                        seconds,
                        cpuSeconds);
        try {
            Path draft = folder.resolve("answer.draft");
            Files.writeString(draft, text);
            Files.move(draft, folder.resolve("answer.json"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
