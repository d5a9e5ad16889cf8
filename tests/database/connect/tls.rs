//! Servers with TLS, and what each `sslmode` makes of them.

use super::certificates::Certificates;
use super::{Address, connected, refused};
use crate::common::postgres::{TestServer, free_port};

/// A server with the certificate `server`, which lets people in as `pg_hba.conf` says.
fn server(certificates: &Certificates, hba: &str) -> (TestServer, u16) {
    let port = free_port();
    let server = TestServer::launch_with(&["listen_addresses=localhost", &format!("port={port}")]);
    for name in ["server.crt", "server.key"] {
        server.write(name, &certificates.text(name));
    }
    if certificates.path("clients.crt").exists() {
        server.write("clients.crt", &certificates.text("clients.crt"));
        server.connect().batch_execute("alter system set ssl_ca_file = 'clients.crt'").unwrap();
    }
    server.write("pg_hba.conf", &format!("local all all trust\n{hba}\n"));
    server.connect().batch_execute("alter system set ssl = on").unwrap();
    server.stop();
    server.start_again();
    (server, port)
}

/// Whether a connection that was made is encrypted.
fn encrypted(url: &str) -> bool {
    let mut client =
        Address::find(Some(url)).unwrap().connect("miglab").unwrap_or_else(|fault| panic!("{url}: {fault:?}"));
    client.query_one("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).unwrap().get(0)
}

#[test]
fn each_mode_trusts_whom_it_should() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("root", "/CN=root");
    certificates.signed_by_itself("other", "/CN=other");
    certificates.signed_by("root", "server", "/CN=x", "DNS:localhost");
    let (_server, port) = server(&certificates, "host all all all trust");
    let root = certificates.path("root.crt").display().to_string();
    let other = certificates.path("other.crt").display().to_string();
    let url = |host: &str, rest: &str| format!("postgres://miglab@{host}:{port}/postgres?{rest}");
    let local = |rest: &str| url("localhost", rest);

    assert!(!encrypted(&local("sslmode=disable")));
    assert!(!encrypted(&local("sslmode=allow")));
    assert!(encrypted(&local("sslmode=prefer")));
    assert!(encrypted(&local("sslmode=require")));
    assert!(encrypted(&local(&format!("sslmode=require&sslrootcert={root}"))));
    assert!(encrypted(&local(&format!("sslmode=verify-ca&sslrootcert={root}"))));
    assert!(encrypted(&local(&format!("sslmode=verify-full&sslrootcert={root}"))));
    assert!(encrypted(&url("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"))));
    assert!(encrypted(&local(&format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}"))));

    let untrusted = |url: &str| {
        let (told, _) = refused(url);
        assert!(told.contains("it is not signed by anybody who is trusted"), "{told}");
    };
    untrusted(&local(&format!("sslmode=require&sslrootcert={other}")));
    untrusted(&local(&format!("sslmode=verify-ca&sslrootcert={other}")));
    untrusted(&local(&format!("sslmode=verify-full&sslrootcert={other}")));
    untrusted(&local("sslrootcert=system"));
    let (told, help) = refused(&url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}")));
    assert!(told.contains("it is for another host") && help.contains("verify-ca"), "{told} {help}");
    let (told, _) = refused(&local("sslmode=verify-full&sslrootcert=/nowhere.crt"));
    assert!(told.contains("the certificates in `/nowhere.crt` cannot be read"), "{told}");
    let (told, _) = refused(&local("sslmode=require&sslrootcert=system"));
    assert!(told.contains("too weak"), "{told}");
    // As with libpq, what is only preferred is done without, where it cannot be had.
    assert!(!encrypted(&local(&format!("sslmode=prefer&sslrootcert={other}"))));
}

#[test]
fn a_server_that_wants_tls_gets_it_and_one_that_does_not_neither() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("server", "/CN=localhost");
    let (server, port) = server(&certificates, "hostssl all all all trust");
    let url = |rest: &str| format!("postgres://miglab@localhost:{port}/postgres?{rest}");
    assert!(encrypted(&url("sslmode=allow")));
    assert!(encrypted(&url("")));
    let (told, help) = refused(&url("sslmode=disable"));
    assert!(told.contains("no encryption") && help.contains("sslmode"), "{told} {help}");
    server.write("pg_hba.conf", "local all all trust\nhostnossl all all all trust\n");
    server.stop();
    server.start_again();
    assert!(!encrypted(&url("sslmode=prefer")));
    refused(&url("sslmode=require"));
    // Over a socket there is no TLS, whatever is asked for.
    let socket = format!("host={} port={port} user=miglab dbname=postgres sslmode=require", server.folder().display());
    assert_eq!(connected(&socket).unwrap(), "miglab@postgres");
}

#[test]
fn a_certificate_that_signs_itself_is_trusted_by_who_names_it() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("server", "/CN=localhost");
    let (_server, port) = server(&certificates, "host all all all trust");
    let root = certificates.path("server.crt").display().to_string();
    let url =
        |host: &str, mode: &str| format!("postgres://miglab@{host}:{port}/postgres?sslmode={mode}&sslrootcert={root}");
    assert!(encrypted(&url("localhost", "verify-ca")));
    // It names its host in its subject only.
    assert!(encrypted(&url("localhost", "verify-full")));
    refused(&url("127.0.0.1", "verify-full"));
}

#[test]
fn a_certificate_of_the_old_kind_will_do_where_nobody_checks_it() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("root", "/CN=root");
    certificates.signed_plainly_by("root", "server", "/CN=localhost");
    let (_server, port) = server(&certificates, "host all all all trust");
    assert!(encrypted(&format!("postgres://miglab@localhost:{port}/postgres?sslmode=require")));
}

#[test]
fn a_role_can_show_a_certificate() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("server", "/CN=localhost");
    certificates.signed_by_itself("clients", "/CN=clients");
    certificates.signed_by("clients", "me", "/CN=miglab", "DNS:miglab");
    let (_server, port) = server(&certificates, "hostssl all all all cert");
    let path = |name: &str| certificates.path(name).display().to_string();
    let url = |rest: &str| format!("postgres://miglab@localhost:{port}/postgres?sslmode=require{rest}");
    assert!(encrypted(&url(&format!("&sslcert={}&sslkey={}", path("me.crt"), path("me.key")))));
    refused(&url(""));
    let (told, _) = refused(&url(&format!("&sslcert={}&sslkey={}", path("me.crt"), path("me.crt"))));
    assert!(told.contains("the key in") && told.contains("cannot be read"), "{told}");
}

#[test]
fn a_statement_is_cancelled_over_tls() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("server", "/CN=localhost");
    let (_server, port) = server(&certificates, "hostssl all all all trust");
    let address = Address::find(Some(&format!("postgres://miglab@localhost:{port}/postgres?sslmode=require"))).unwrap();
    let mut client = address.connect("miglab").unwrap();
    let token = client.cancel_token();
    let sleeping = std::thread::spawn(move || client.batch_execute("select pg_sleep(600)"));
    let mut onlooker = address.connect("miglab").unwrap();
    let asleep =
        "select exists (select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active')";
    while !onlooker.query_one(asleep, &[]).unwrap().get::<_, bool>(0) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    address.cancel(&token).unwrap();
    assert_eq!(sleeping.join().unwrap().unwrap_err().code().unwrap().code(), "57014");
}

#[test]
fn a_password_goes_over_tls_bound_to_the_certificate() {
    let certificates = Certificates::new();
    certificates.signed_by_itself("root", "/CN=root");
    certificates.signed_by("root", "server", "/CN=x", "DNS:localhost");
    let (server, port) = server(&certificates, "hostssl all all all scram-sha-256");
    server.connect().batch_execute("create role me login password 's3cret'").unwrap();
    let url = |password: &str, rest: &str| {
        format!("postgres://me:{password}@localhost:{port}/postgres?sslmode=require&channel_binding={rest}")
    };
    for binding in ["disable", "prefer", "require"] {
        assert!(encrypted(&url("s3cret", binding)));
    }
    let (told, _) = refused(&url("hunter2", "prefer"));
    assert!(told.contains("does not accept the password"), "{told}");
}
