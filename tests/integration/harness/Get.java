/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program of Java's that has never heard of PKCS#11: fetches pages by both ways that the JDK has.
 *
 *     java Get URL...
 */
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Get {
    private static String byConnection(String url) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        InputStream in = connection.getResponseCode() < 400 ? connection.getInputStream()
                                                            : connection.getErrorStream();
        return new String(in.readAllBytes());
    }

    private static String byClient(String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        return HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString())
            .body();
    }

    public static void main(String[] urls) throws Exception {
        for (String url : urls) {
            System.out.println("HttpsURLConnection: " + byConnection(url).trim());
            System.out.println("HttpClient: " + byClient(url).trim());
        }
        System.exit(0);
    }
}
