/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program of Java's that has never heard of PKCS#11: fetches pages by both ways that the JDK has.
 *
 *     java Get URL...
 *
 * Prints a line for each: "WAY URL PAGE".
 */
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public class Get {
    private static String byConnection(String url) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        InputStream in = connection.getResponseCode() < 400 ? connection.getInputStream()
                                                            : connection.getErrorStream();
        return new String(in.readAllBytes());
    }

    private static String byClient(String url) throws Exception {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build();
        return HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString())
            .body();
    }

    private interface Way {
        String fetch(String url) throws Exception;
    }

    private static String oneLine(Way way, String url) {
        try {
            return way.fetch(url).replaceAll("\\s+", " ");
        } catch (Exception e) {
            return String.valueOf(e);
        }
    }

    public static void main(String[] urls) {
        for (String url : urls) {
            System.out.println("HttpsURLConnection " + url + " " + oneLine(Get::byConnection, url));
            System.out.println("HttpClient " + url + " " + oneLine(Get::byClient, url));
        }
        System.exit(0);
    }
}
