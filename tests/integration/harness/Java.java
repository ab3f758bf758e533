/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program of Java's with the provider that the JDK has for PKCS#11 modules: fetches pages with
 * whatever identity is in the one slot that the provider was configured for.
 *
 *     java Java.java CONFIGURATION AUTHORITY
 *
 * Takes a URL on each line, or "keys", and answers with a line of JSON.
 */
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URL;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.util.Collections;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Java {
    private static TrustManagerFactory trust(String authority) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(authority)) {
            store.setCertificateEntry(
                "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory;
    }

    /* Read anew each time: what was read of a token that went is of no use. */
    private static KeyStore keys(Provider provider) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, null);
        return store;
    }

    private static boolean hasKey(Provider provider) throws Exception {
        KeyStore store = keys(provider);
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                return true;
            }
        }
        return false;
    }

    private static SSLContext context(Provider provider, TrustManagerFactory trust)
        throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(keys(provider), null);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static String fetch(URL url, SSLContext context) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.setRequestProperty("Connection", "close");
        InputStream in = connection.getResponseCode() < 400 ? connection.getInputStream()
                                                            : connection.getErrorStream();
        return new String(in.readAllBytes());
    }

    private static String quote(Object text) {
        return '"' + String.valueOf(text).replace("\\", "\\\\").replace("\"", "\\\"")
            .replace("\n", " ").replace("\r", " ") + '"';
    }

    private static String answer(String line, Provider provider, TrustManagerFactory trust) {
        try {
            if (line.equals("keys")) {
                return "{\"key\": " + hasKey(provider) + "}";
            }
            return "{\"page\": " + quote(fetch(new URL(line), context(provider, trust))) + "}";
        } catch (Exception e) {
            return "{\"key\": false, \"error\": " + quote(e) + "}";
        }
    }

    public static void main(String[] args) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(args[0]);
        TrustManagerFactory trust = trust(args[1]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        Security.addProvider(provider);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(answer(line, provider, trust));
        }
        System.exit(0);
    }
}
