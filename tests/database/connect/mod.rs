//! How a server is reached: by URL, by the environment, with a password, over TLS; and what is said where it is not.

mod certificates;
mod tls;

use std::process::Command;

use miglab::engine::postgres::connect::Address;
use miglab::engine::{Fault, FaultKind};

use crate::common::postgres::{TestServer, free_port};

/// What a connection comes to: the role and the database, or why there is none.
fn connected(url: &str) -> Result<String, Fault> {
    let mut client = Address::find(Some(url))?.connect("miglab")?;
    let row = client.query_one("select concat_ws('@', current_user, current_database())", &[]);
    Ok(row.unwrap().get(0))
}

fn refused(url: &str) -> (String, String) {
    let fault = connected(url).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection, "{fault:?}");
    assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    (fault.message, fault.help.expect("every refusal says what to do").into())
}

/// A server that asks for passwords over TCP, with roles `me` (password `s3cret`) and `nologin`.
fn server_with_passwords() -> (TestServer, u16) {
    let port = free_port();
    let server = TestServer::launch_with(&["listen_addresses=127.0.0.1", &format!("port={port}")]);
    server.connect().batch_execute("create role me login password 's3cret'").unwrap();
    server.connect().batch_execute("create database shop owner me").unwrap();
    server.write("pg_hba.conf", "local all all trust\nhost shop,nowhere me,nobody 127.0.0.1/32 scram-sha-256\n");
    server.reload();
    (server, port)
}

#[test]
fn a_server_is_reached_by_url_and_by_pairs() {
    let server = TestServer::start();
    let url = server.database("we\"ird / name");
    assert_eq!(connected(&url).unwrap(), "miglab@we\"ird / name");
    assert_eq!(connected(&server.url()).unwrap(), "miglab@postgres");
    let shown = Address::find(Some(&url)).unwrap().to_string();
    assert_eq!(shown, format!("miglab@{}:5432/we\"ird / name", server.folder().display()));
}

#[test]
fn each_refusal_says_what_is_wrong_and_what_to_do() {
    let (_server, port) = server_with_passwords();
    let at = |who: &str, database: &str| format!("postgres://{who}@127.0.0.1:{port}/{database}");
    assert_eq!(connected(&at("me:s3cret", "shop")).unwrap(), "me@shop");
    let cases = [
        (at("me:hunter2", "shop"), "does not accept the password of role `me`", "PGPASSWORD"),
        (at("nobody:hunter2", "shop"), "does not accept the password of role `nobody`", "PGPASSWORD"),
        (at("me", "shop"), "asks for a password, and none was given", "PGPASSWORD"),
        (at("me:s3cret", "nowhere"), "there is no database `nowhere`", "createdb nowhere"),
        (at("me:s3cret", "postgres"), "does not allow this connection: no pg_hba.conf entry", "pg_hba.conf"),
        (format!("postgres://me@127.0.0.1:{}/shop", free_port()), "the connection was refused", "host and port"),
        (format!("postgres://me@nowhere.invalid:{port}/shop"), "there is no host with that name", "the host's name"),
        ("postgres://me@/shop?host=/nowhere".into(), "there is no such socket", "the folder"),
        (at("me:s3cret", "shop?sslmode=require"), "the server does not offer it", "sslmode=disable"),
        (
            at("me", "shop?sslmode=sometimes"),
            "`sslmode` in the address of the database cannot be `sometimes`",
            "verify-full",
        ),
        (at("me", "shop?port=70000"), "`port` in the address of the database cannot be `70000`", "65535"),
        ("mysql://me:hunter2@db/shop".into(), "it begins with `mysql://`", "postgres://user"),
    ];
    for (url, message, help) in cases {
        let (told, what_to_do) = refused(&url);
        assert!(told.contains(message) && what_to_do.contains(help), "{url}: {told} / {what_to_do}");
    }
}

#[test]
fn a_peer_that_is_no_server_is_told_of() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let (told, _) = refused(&format!("postgres://me@127.0.0.1:{port}/shop"));
    assert!(told.contains("hangs up") || told.contains("cannot be reached"), "{told}");

    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let (told, help) = refused(&format!("postgres://me@127.0.0.1:{port}/shop?connect_timeout=1"));
    assert!(told.contains("accepts the connection, but does not answer"), "{told}");
    assert!(help.contains("connect_timeout"), "{help}");
}

#[test]
fn a_server_without_a_free_connection_is_told_of() {
    let server = TestServer::launch_with(&["max_connections=4", "superuser_reserved_connections=1", "autovacuum=off"]);
    server.connect().batch_execute("create role me login").unwrap();
    let url = server.database_url("postgres").replace("miglab@", "me@");
    let mut held = Vec::new();
    let fault = loop {
        match Address::find(Some(&url)).unwrap().connect("miglab") {
            Ok(client) => held.push(client),
            Err(fault) => break fault,
        }
    };
    assert!(fault.message.contains("has no connections left"), "{fault:?}");
    assert!(fault.help.unwrap().contains("max_connections"));
}

/// This program's own test, run again with an environment.
fn with_environment(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).env_clear();
    for kept in ["PATH", "LD_LIBRARY_PATH"] {
        command.envs(std::env::var_os(kept).map(|value| (kept, value)));
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn the_environment_says_what_the_address_does_not() {
    let (server, port) = server_with_passwords();
    let port = &port.to_string();
    let folder = tempfile::tempdir().unwrap();
    let passfile = folder.path().join(".pgpass");
    std::fs::write(&passfile, format!("# a comment\nelsewhere:*:*:*:no\n127.0.0.1:{port}:*:me:s3cret\n")).unwrap();
    assert!(Command::new("chmod").arg("600").arg(&passfile).status().unwrap().success());
    let home = folder.path().to_str().unwrap();
    let place = [("PGHOST", "127.0.0.1"), ("PGPORT", port), ("PGUSER", "me"), ("PGDATABASE", "shop")];
    let and = |more: &[(&'static str, &str)]| {
        let all = place.iter().chain(more).copied().map(|(key, value)| (key.to_owned(), value.to_owned()));
        all.collect::<Vec<_>>()
    };
    let run = |variables: &[(String, String)]| {
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        with_environment("connect::as_the_environment_says", &variables);
    };
    run(&and(&[("PGPASSWORD", "s3cret"), ("EXPECT", "me@shop")]));
    run(&and(&[("HOME", home), ("EXPECT", "me@shop")]));
    run(&and(&[("PGPASSFILE", passfile.to_str().unwrap()), ("EXPECT", "me@shop")]));
    run(&and(&[("EXPECT", "asks for a password")]));
    let url = format!("postgres://me:s3cret@127.0.0.1:{port}/shop");
    run(&[("DATABASE_URL".into(), url.clone()), ("EXPECT".into(), "me@shop".into())]);
    let given = server.database_url("postgres");
    run(&and(&[("DATABASE_URL", &url), ("GIVEN", &given), ("PGUSER", "miglab"), ("EXPECT", "miglab@postgres")]));
    assert!(Command::new("chmod").arg("644").arg(&passfile).status().unwrap().success());
    run(&and(&[("HOME", home), ("EXPECT", "because others can read it")]));
}

/// Run by the test above, in an environment of its own.
#[test]
#[ignore = "it is run by another test, with the environment that it is about"]
fn as_the_environment_says() {
    let expected = std::env::var("EXPECT").expect("the other test says what to expect");
    let address = Address::find(std::env::var("GIVEN").ok().as_deref()).unwrap();
    let got = match address.connect("miglab") {
        Ok(mut client) => {
            client.query_one("select concat_ws('@', current_user, current_database())", &[]).unwrap().get(0)
        }
        Err(fault) => format!("{} {}", fault.message, fault.help.unwrap_or_default()),
    };
    assert!(got.contains(&expected), "{got}");
}
