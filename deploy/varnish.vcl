vcl 4.1;

# Varnish in front of Copydesk: `cdn = "varnish"` and `cdn_purge_urls = "http://127.0.0.1:6081/"` in Copydesk's settings, and for
# how long answers may stay here: `answer_shared_max_age = 86400`. Needs the module xkey (Debian: varnish-modules).
#
#   varnishd -a 127.0.0.1:6081 -f /etc/varnish/copydesk.vcl
#
# GET requests are kept: queries by GET, pictures, GraphiQL. POST goes through; so does everything with a token.

import xkey;

# Where Copydesk listens.
backend copydesk {
    .host = "127.0.0.1";
    .port = "8000";
}

# Who may say what to drop: Copydesk's nodes, and nobody else.
acl copydesk_nodes {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ copydesk_nodes) {
            return (synth(403, "Not from here"));
        }
        if (!req.http.xkey-purge) {
            return (synth(400, "xkey-purge says what to drop"));
        }
        set req.http.x-dropped = xkey.purge(req.http.xkey-purge);
        return (synth(200, "Dropped " + req.http.x-dropped));
    }
    if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization) {
        return (pass);
    }
    # Copydesk sets no cookies and reads none.
    unset req.http.Cookie;
    return (hash);
}

sub vcl_backend_response {
    # Without a word on how long it holds, it is asked for each time; what has changed is told apart by its ETag.
    if (beresp.http.Cache-Control ~ "no-cache|no-store|private") {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
    }
}

sub vcl_deliver {
    # Keys are between Copydesk and Varnish.
    unset resp.http.xkey;
}
