import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** Checks of pgjdbc against the server that PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD name. */
public final class PgjdbcChecks {
    private interface Check {
        void run() throws Exception;
    }

    private static final Map<String, Check> CHECKS = new LinkedHashMap<>();

    private static Connection connect(String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("sslmode", "disable");
        for (int i = 0; i < options.length; i += 2) {
            properties.setProperty(options[i], options[i + 1]);
        }
        String host = System.getenv("PGHOST") + ":" + System.getenv("PGPORT");
        return DriverManager.getConnection("jdbc:postgresql://" + host + "/" + System.getenv("PGDATABASE"), properties);
    }

    private static String value(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static void equal(Object actual, Object expected) {
        if (!expected.equals(actual)) {
            throw new AssertionError(actual + " instead of " + expected);
        }
    }

    private static void fails(String state, Check check) throws Exception {
        try {
            check.run();
        } catch (SQLException error) {
            equal(error.getSQLState(), state);
            return;
        }
        throw new AssertionError("no error");
    }

    private static void option(String name, String value, String query, String expected) {
        CHECKS.put("option_" + name + "_" + value, () -> {
            try (Connection connection = connect(name, value)) {
                equal(value(connection, query), expected);
            }
        });
    }

    private static void connections() {
        option("ApplicationName", "checks", "SHOW application_name", "checks");
        option("options", "-c statement_timeout=1234", "SHOW statement_timeout", "1234ms");
        option("currentSchema", "pg_catalog", "SHOW search_path", "pg_catalog");
        option("assumeMinServerVersion", "9.4", "SELECT 1", "1");
        option("preferQueryMode", "simple", "SELECT 2", "2");
        option("preferQueryMode", "extendedCacheEverything", "SELECT 3", "3");
        option("gssEncMode", "prefer", "SELECT 4", "4");
        option("readOnly", "true", "SELECT 5", "5");
        option("tcpKeepAlive", "true", "SELECT 6", "6");
        option("binaryTransfer", "false", "SELECT 7", "7");
        option("targetServerType", "primary", "SELECT 8", "8");
        option("loginTimeout", "60", "SELECT 9", "9");
        CHECKS.put("wrong_password", () -> fails("28P01", () -> connect("password", "wrong")));
        CHECKS.put("is_valid", () -> {
            try (Connection connection = connect()) {
                equal(connection.isValid(10), true);
            }
        });
        CHECKS.put("many_connections_in_turn", () -> {
            for (int i = 0; i < 30; i++) {
                try (Connection connection = connect()) {
                    equal(value(connection, "SELECT " + i), String.valueOf(i));
                }
            }
        });
    }

    private static void statements() {
        CHECKS.put("prepared_statement_becomes_named", () -> {
            try (Connection connection = connect("prepareThreshold", "2");
                    PreparedStatement statement = connection.prepareStatement("SELECT ?::int + 1")) {
                for (int i = 0; i < 10; i++) {
                    statement.setInt(1, i);
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        equal(rows.getInt(1), i + 1);
                    }
                }
            }
        });
        CHECKS.put("batch", () -> {
            try (Connection connection = connect("reWriteBatchedInserts", "true")) {
                connection.createStatement().execute("CREATE TEMP TABLE b (a int, t text)");
                try (PreparedStatement insert = connection.prepareStatement("INSERT INTO b VALUES (?, ?)")) {
                    for (int i = 0; i < 5000; i++) {
                        insert.setInt(1, i);
                        insert.setString(2, "x".repeat(200));
                        insert.addBatch();
                    }
                    insert.executeBatch();
                }
                equal(value(connection, "SELECT count(*) FROM b"), "5000");
            }
        });
        CHECKS.put("batch_that_fails", () -> {
            try (Connection connection = connect(); Statement statement = connection.createStatement()) {
                statement.addBatch("SELECT 1/0");
                statement.executeBatch();
                throw new AssertionError("no error");
            } catch (BatchUpdateException expected) {
                equal(expected.getSQLState().isEmpty(), false);
            }
        });
        CHECKS.put("cursor_with_fetch_size", () -> {
            try (Connection connection = connect(); Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.setFetchSize(10);
                try (ResultSet rows = statement.executeQuery("SELECT generate_series(1, 1000)")) {
                    int count = 0;
                    while (rows.next()) {
                        count++;
                    }
                    equal(count, 1000);
                }
            }
        });
        CHECKS.put("savepoint", () -> {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                Savepoint savepoint = connection.setSavepoint();
                fails("22012", () -> value(connection, "SELECT 1/0"));
                connection.rollback(savepoint);
                equal(value(connection, "SELECT 1"), "1");
            }
        });
        CHECKS.put("multiple_statements", () -> {
            try (Connection connection = connect(); Statement statement = connection.createStatement()) {
                statement.execute("SELECT 1; SELECT 2");
                equal(statement.getMoreResults(), true);
            }
        });
        CHECKS.put("callable_statement", () -> {
            try (Connection connection = connect();
                    CallableStatement call = connection.prepareCall("{? = call upper(?)}")) {
                call.registerOutParameter(1, java.sql.Types.VARCHAR);
                call.setString(2, "a");
                call.execute();
                equal(call.getString(1), "A");
            }
        });
        CHECKS.put("arrays_and_bytes", () -> {
            try (Connection connection = connect();
                    PreparedStatement statement = connection.prepareStatement("SELECT ?::int[], ?::bytea")) {
                byte[] bytes = new byte[3_000_000];
                Arrays.fill(bytes, (byte) 0xFF);
                statement.setArray(1, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
                statement.setBytes(2, bytes);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    Array array = rows.getArray(1);
                    equal(Arrays.toString((Integer[]) array.getArray()), "[1, null, 3]");
                    equal(Arrays.equals(rows.getBytes(2), bytes), true);
                }
            }
        });
        CHECKS.put("metadata", () -> {
            try (Connection connection = connect();
                    ResultSet tables = connection.getMetaData().getTables(null, "pg_catalog", "pg_class", null)) {
                equal(tables.next(), true);
            }
        });
    }

    private static void protocols() {
        CHECKS.put("copy_in_and_out", () -> {
            try (Connection connection = connect()) {
                connection.createStatement().execute("CREATE TEMP TABLE c (a int, t text)");
                CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < 100_000; i++) {
                    lines.append(i).append("\tsome text\n");
                }
                equal(copies.copyIn("COPY c FROM STDIN", new StringReader(lines.toString())), 100_000L);
                StringWriter written = new StringWriter();
                copies.copyOut("COPY (SELECT * FROM c ORDER BY a) TO STDOUT", written);
                equal(written.toString(), lines.toString());
            }
        });
        CHECKS.put("copy_in_that_fails", () -> {
            try (Connection connection = connect()) {
                connection.createStatement().execute("CREATE TEMP TABLE c (a int)");
                CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
                fails("22P02", () -> {
                    try {
                        copies.copyIn("COPY c FROM STDIN", new StringReader("x\n"));
                    } catch (java.io.IOException error) {
                        throw new AssertionError(error);
                    }
                });
                equal(value(connection, "SELECT 1"), "1");
            }
        });
        CHECKS.put("listen_and_notify", () -> {
            try (Connection listener = connect(); Connection sender = connect()) {
                listener.createStatement().execute("LISTEN news");
                sender.createStatement().execute("NOTIFY news, 'hello'");
                PGNotification[] news = listener.unwrap(PGConnection.class).getNotifications(30_000);
                equal(news[0].getParameter(), "hello");
            }
        });
        CHECKS.put("cancel", () -> {
            try (Connection connection = connect(); Statement statement = connection.createStatement()) {
                Thread canceller = new Thread(() -> {
                    try {
                        // a cancel request that arrives before the statement does nothing
                        while (!Thread.currentThread().isInterrupted()) {
                            statement.cancel();
                            Thread.sleep(100);
                        }
                    } catch (SQLException | InterruptedException over) {
                        Thread.currentThread().interrupt();
                    }
                });
                canceller.start();
                fails("57014", () -> statement.execute("SELECT pg_sleep(60)"));
                canceller.interrupt();
                canceller.join();
            }
        });
        CHECKS.put("query_timeout", () -> {
            try (Connection connection = connect(); Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                fails("57014", () -> statement.execute("SELECT pg_sleep(60)"));
            }
        });
        CHECKS.put("large_object", () -> {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                LargeObjectManager objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
                long id = objects.createLO();
                LargeObject object = objects.open(id, LargeObjectManager.READWRITE);
                byte[] bytes = new byte[1_000_000];
                Arrays.fill(bytes, (byte) 7);
                object.write(bytes);
                object.seek(0);
                equal(Arrays.equals(object.read(bytes.length), bytes), true);
                object.close();
                objects.delete(id);
                connection.commit();
            }
        });
        CHECKS.put("terminated_backend", () -> {
            try (Connection connection = connect(); Connection other = connect()) {
                String pid = value(connection, "SELECT pg_backend_pid()");
                value(other, "SELECT pg_terminate_backend(" + pid + ", 30000)");
                fails("57P01", () -> value(connection, "SELECT 1"));
            }
        });
    }

    public static void main(String[] arguments) {
        connections();
        statements();
        protocols();
        CHECKS.forEach((name, check) -> {
            String plain = name.replace(' ', '_');
            try {
                check.run();
                System.out.println("PASS " + plain);
            } catch (Throwable error) {
                System.out.println("FAIL " + plain + " " + String.valueOf(error).replace('\n', ' '));
            }
        });
    }
}
