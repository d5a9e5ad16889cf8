//! Why there is no connection, and what to do about it.

use std::io;

use rustls::CertificateError;

use super::{Address, refused};
use crate::engine::Fault;
use crate::engine::postgres::fault;

/// A failed connection as a fault.
pub(super) fn refusal(address: &Address, error: &postgres::Error) -> Fault {
    if let Some(told) = error.as_db_error() {
        return told_by_server(address, told);
    }
    if is_tls(error) {
        return without_tls(address, error);
    }
    if let Some(cause) = fault::io_cause(error) {
        return unreachable(address, cause);
    }
    let text = fault::with_causes(error);
    if text.contains("password missing") {
        return refused(format!("`{address}` asks for a password, and none was given"))
            .with_help(password_help(address));
    }
    refused(format!("cannot connect to `{address}`: {text}"))
}

fn told_by_server(address: &Address, told: &postgres::error::DbError) -> Fault {
    let (user, database) = (address.user(), address.database());
    let said = told.message();
    match told.code().code() {
        "28P01" => refused(format!("`{address}` does not accept the password of role `{user}`"))
            .with_help(password_help(address)),
        "3D000" => refused(format!("there is no database `{database}` at `{address}`"))
            .with_help(format!("name another one in the address, or create it: `createdb {database}`")),
        "28000" if said.contains("no pg_hba.conf entry") => refused(format!(
            "`{address}` does not allow this connection: {said}"
        ))
        .with_help("add a line for this role, database and host to the server's `pg_hba.conf`, or change `sslmode`"),
        "28000" => refused(format!("`{address}` does not let role `{user}` in: {said}"))
            .with_help("check the user in the address; a role that exists may lack `login`"),
        "53300" => refused(format!("`{address}` has no connections left: {said}"))
            .with_help("raise `max_connections`, or let applications hold fewer, then try again"),
        "57P03" => refused(format!("`{address}` does not take connections yet: {said}"))
            .with_help("try again when the server has started"),
        _ => refused(format!("`{address}` refuses the connection: {said}"))
            .with_help("check the address, and what the server's log says"),
    }
}

/// Whether it is TLS that could not be agreed on.
pub(super) fn is_tls(error: &postgres::Error) -> bool {
    error.to_string().contains("TLS handshake")
}

fn without_tls(address: &Address, error: &postgres::Error) -> Fault {
    let cause = fault::io_cause(error).and_then(|cause| cause.get_ref()?.downcast_ref::<rustls::Error>());
    let (why, help) = match cause {
        Some(rustls::Error::InvalidCertificate(wrong)) => return untrusted(address, wrong),
        Some(rustls::Error::AlertReceived(alert)) => {
            (format!("the server refuses it ({alert:?})"), "the server may want a certificate: `sslcert` and `sslkey`")
        }
        _ if fault::with_causes(error).contains("does not support TLS") => (
            "the server does not offer it".to_owned(),
            "set `ssl = on` on the server, or use `sslmode=disable` in a network that you trust",
        ),
        Some(other) => (other.to_string(), "check `sslmode`, and what the server's log says"),
        None => (fault::with_causes(error), "check `sslmode`, and what the server's log says"),
    };
    refused(format!("`{address}` cannot be reached over TLS: {why}")).with_help(help)
}

fn untrusted(address: &Address, wrong: &CertificateError) -> Fault {
    use CertificateError as Wrong;
    let (why, help) = match wrong {
        Wrong::UnknownIssuer | Wrong::BadSignature => (
            "it is not signed by anybody who is trusted".to_owned(),
            "name its root certificate with `sslrootcert=FILE`",
        ),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => (
            "it is for another host".to_owned(),
            "write the host as in the certificate (`hostaddr` says where it is), or use `sslmode=verify-ca`",
        ),
        Wrong::Expired | Wrong::ExpiredContext { .. } => ("it has expired".to_owned(), "renew it on the server"),
        other => (other.to_string(), "check the server's certificate and the file of `sslrootcert`"),
    };
    refused(format!("the certificate of `{address}` is not accepted: {why}")).with_help(help)
}

fn password_help(address: &Address) -> String {
    let usual = "give it in the address, in `PGPASSWORD`, or in the file `~/.pgpass`";
    match &address.passfile_refused {
        Some(refused) => format!("{usual}; {refused}"),
        None => usual.into(),
    }
}

/// Somebody took the connection, and then said nothing.
pub(super) fn silent(address: &Address) -> Fault {
    refused(format!("`{address}` accepts the connection, but does not answer"))
        .with_help("check that it is a PostgreSQL server; `connect_timeout` says how long to wait")
}

fn unreachable(address: &Address, cause: &io::Error) -> Fault {
    let (why, help) = match cause.kind() {
        io::ErrorKind::ConnectionRefused => {
            ("the connection was refused", "check host and port, and that the server runs and listens there")
        }
        io::ErrorKind::NotFound => {
            ("there is no such socket", "check the folder and the port, and that the server runs and listens there")
        }
        io::ErrorKind::TimedOut => {
            ("nobody answers", "check host and port and the firewall; `connect_timeout` says how long to wait")
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            ("it closes the connection", "check that it is a PostgreSQL server, and whether it wants TLS (`sslmode`)")
        }
        _ if cause.to_string().contains("lookup address") => {
            ("there is no host with that name", "check the host's name, and that this machine can look it up")
        }
        _ => return refused(format!("`{address}` cannot be reached: {cause}")).with_help("check host and port"),
    };
    refused(format!("`{address}` cannot be reached: {why}")).with_help(help)
}
