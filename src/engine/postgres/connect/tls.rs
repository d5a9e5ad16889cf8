//! TLS as `sslmode` asks for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postgres::config::{Host, SslMode};
use postgres::{CancelToken, Client, Config, NoTls};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::environment::Environment;
use super::refused;
use super::settings::{Settings, bad_value};
use super::verifier::{Trust, Verifier};
use crate::engine::Fault;

/// How a connection is encrypted, and whom it trusts.
#[derive(Clone)]
pub(super) struct Tls {
    mode: Mode,
    /// None where there is no encryption.
    connector: Option<MakeRustlsConnect>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Tls {
    pub(super) fn read(settings: &Settings, environment: &Environment<'_>) -> Result<Self, Fault> {
        let mode = mode(settings)?;
        if mode == Mode::Disable {
            return Ok(Self { mode, connector: None });
        }
        let roots = roots(mode, settings, environment)?;
        let trust = match (mode, roots) {
            (Mode::VerifyFull, Some(roots)) => Trust::Named(roots),
            (_, Some(roots)) => Trust::Signed(roots),
            (_, None) => Trust::Anybody,
        };
        let verifier = Arc::new(Verifier::new(trust));
        let config = ClientConfig::builder_with_provider(verifier.provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(format!("TLS cannot be set up: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match own_certificate(settings, environment)? {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(|error| {
                refused(format!("the certificate of `sslcert` cannot be used: {error}"))
                    .with_help("`sslkey` must be the key that it was made for")
            })?,
        };
        Ok(Self { mode, connector: Some(MakeRustlsConnect::new(config)) })
    }

    pub(super) fn connect(&self, mut config: Config) -> Result<Client, postgres::Error> {
        let over_sockets = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        let connector = self.connector.as_ref().filter(|_| !over_sockets);
        let plainly = |mut config: Config| config.ssl_mode(SslMode::Disable).connect(NoTls);
        let Some(connector) = connector else { return plainly(config) };
        match self.mode {
            Mode::Disable => plainly(config),
            Mode::Allow => match plainly(config.clone()) {
                Err(error) if is_about_encryption(&error) => {
                    config.ssl_mode(SslMode::Require).connect(connector.clone()).map_err(|_| error)
                }
                result => result,
            },
            Mode::Prefer => match config.ssl_mode(SslMode::Prefer).connect(connector.clone()) {
                Err(error) if is_about_encryption(&error) => plainly(config).map_err(|_| error),
                result => result,
            },
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => {
                config.ssl_mode(SslMode::Require).connect(connector.clone())
            }
        }
    }

    pub(super) fn cancel(&self, token: &CancelToken) -> Result<(), postgres::Error> {
        match &self.connector {
            None => token.cancel_query(NoTls),
            Some(connector) => token.cancel_query(connector.clone()),
        }
    }
}

/// Whether it may be possible with TLS what is not possible without, or the other way round.
fn is_about_encryption(error: &postgres::Error) -> bool {
    match error.as_db_error() {
        Some(told) => told.code().code() == "28000",
        None => super::no_connection::is_tls(error),
    }
}

fn mode(settings: &Settings) -> Result<Mode, Fault> {
    let system = settings.get("sslrootcert") == Some("system");
    Ok(match settings.get("sslmode") {
        None if system => Mode::VerifyFull,
        Some(weak @ ("disable" | "allow" | "prefer" | "require" | "verify-ca")) if system => {
            let why =
                format!("`sslmode={weak}` is too weak for `sslrootcert=system`: anybody can get such a certificate");
            return Err(refused(why).with_help("use `sslmode=verify-full`"));
        }
        Some("disable") => Mode::Disable,
        Some("allow") => Mode::Allow,
        Some("prefer") | None => Mode::Prefer,
        Some("require") => Mode::Require,
        Some("verify-ca") => Mode::VerifyCa,
        Some("verify-full") => Mode::VerifyFull,
        Some(other) => {
            let possible = "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`";
            return Err(bad_value("sslmode", other, possible));
        }
    })
}

/// The certificates that are trusted. Without any, those modes that do not insist trust everybody.
fn roots(
    mode: Mode,
    settings: &Settings,
    environment: &Environment<'_>,
) -> Result<Option<Vec<CertificateDer<'static>>>, Fault> {
    let insists = matches!(mode, Mode::VerifyCa | Mode::VerifyFull);
    if settings.get("sslrootcert") == Some("system") {
        return Ok(Some(rustls_native_certs::load_native_certs().certs));
    }
    let given = settings.get("sslrootcert").map(PathBuf::from).filter(|path| insists || path.exists());
    match given.or_else(|| environment.file(".postgresql/root.crt")) {
        Some(path) => certificates(&path).map(Some),
        None if insists => Err(refused(
            "there is no root certificate to check the server's with: `~/.postgresql/root.crt` does not exist",
        )
        .with_help("name it with `sslrootcert=FILE`, or use `sslrootcert=system` for those that the system trusts")),
        None => Ok(None),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let unreadable = |why: String| {
        refused(format!("the certificates in `{}` cannot be read: {why}", path.display()))
            .with_help("it must be a PEM file that this user may read")
    };
    match read {
        Ok(none) if none.is_empty() => Err(unreadable("there are none".into())),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

type OwnCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What this program shows the server, if the server asks who it is.
fn own_certificate(settings: &Settings, environment: &Environment<'_>) -> Result<Option<OwnCertificate>, Fault> {
    let file = |key: &str, usual: &str| settings.get(key).map(PathBuf::from).or_else(|| environment.file(usual));
    let Some(path) = file("sslcert", ".postgresql/postgresql.crt") else { return Ok(None) };
    let Some(key_path) = file("sslkey", ".postgresql/postgresql.key") else {
        return Err(refused(format!("there is a certificate `{}`, but no key for it", path.display()))
            .with_help("name the key file with `sslkey=FILE`"));
    };
    let key = PrivateKeyDer::from_pem_file(&key_path).map_err(|error| {
        refused(format!("the key in `{}` cannot be read: {error}", key_path.display()))
            .with_help("it must be a PEM file without a password")
    })?;
    Ok(Some((certificates(&path)?, key)))
}
