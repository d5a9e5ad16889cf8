//! How a server is reached: addresses, the environment, TLS as `sslmode` asks for it.

mod common_name;
mod environment;
mod no_connection;
mod passfile;
mod settings;
mod tls;
mod verifier;

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use postgres::config::{ChannelBinding, LoadBalanceHosts, SslNegotiation, TargetSessionAttrs};
use postgres::{CancelToken, Client, Config};

use self::environment::Environment;
use self::settings::{Settings, bad_value};
use self::tls::Tls;
use crate::engine::postgres::fault::fault;
use crate::engine::{Fault, FaultKind};

/// For a role called `miglab`, the schema in which runs are recorded would be the first on the usual search path, and its
/// tables would stand for those of a script.
const HIDE_OWN_SCHEMA: &str = "select pg_catalog.set_config('search_path', coalesce((
         select string_agg(quote_ident(name), ', ' order by place)
         from unnest(current_schemas(false)) with ordinality as path(name, place) where name <> 'miglab'), ''), false)
     where session_user = 'miglab' or current_setting('search_path') like '%miglab%'";

/// A database on a server, and how to get in. What is printed of it never shows the password.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: Tls,
    /// What an address or the environment says this program is called.
    application_name: Option<String>,
    /// Why a password file was not read.
    passfile_refused: Option<String>,
    shown: String,
}

impl Address {
    /// The address given as a URL or as `key=value` pairs; without one, `DATABASE_URL`; what is still missing comes from
    /// the `PG*` variables, the password file, and the defaults of libpq.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find(given: Option<&str>) -> Result<Self, Fault> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::find_in(given, &Environment { variable: &variable, home: std::env::home_dir() })
    }

    fn find_in(given: Option<&str>, environment: &Environment<'_>) -> Result<Self, Fault> {
        let database_url = || (environment.variable)("DATABASE_URL");
        let text = given.map(str::to_owned).or_else(database_url).unwrap_or_default();
        let mut settings = Settings::read(&text)?;
        environment.fill(&mut settings);
        let passfile_refused = fill_password(&mut settings, environment);
        Ok(Self {
            config: config(&settings)?,
            tls: Tls::read(&settings, environment)?,
            application_name: settings.get("application_name").map(Into::into),
            passfile_refused,
            shown: shown(&settings),
        })
    }

    /// A new connection, which tells the server this name, unless the address has another.
    ///
    /// # Errors
    /// The server is not reached, or lets nobody in.
    pub fn connect(&self, application_name: &str) -> Result<Client, Fault> {
        let mut config = self.config.clone();
        config.application_name(self.application_name.as_deref().unwrap_or(application_name));
        let mut client = self.in_time(config)?.map_err(|error| no_connection::refusal(self, &error))?;
        client.batch_execute(HIDE_OWN_SCHEMA).map_err(|error| fault(&error))?;
        Ok(client)
    }

    /// Connects, but not for ever: the driver's own timeout ends where somebody has answered, be it a server or not.
    fn in_time(&self, config: Config) -> Result<Result<Client, postgres::Error>, Fault> {
        let hosts = u32::try_from(config.get_hosts().len().max(1)).unwrap_or(u32::MAX);
        let limit = config.get_connect_timeout().copied().unwrap_or_default().saturating_mul(2).saturating_mul(hosts);
        let (sender, receiver) = mpsc::channel();
        let tls = self.tls.clone();
        // Where nobody waits for it any more, the connection is closed as soon as there is one.
        std::thread::spawn(move || sender.send(tls.connect(config)).is_ok());
        receiver.recv_timeout(limit).map_err(|_| no_connection::silent(self))
    }

    /// Asks the server to cancel what a connection is doing.
    ///
    /// # Errors
    /// The server is not reached.
    pub fn cancel(&self, token: &CancelToken) -> Result<(), Fault> {
        self.tls.cancel(token).map_err(|error| no_connection::refusal(self, &error))
    }

    /// The name of the role that connects.
    #[must_use]
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// `user@host:port/database`
fn shown(settings: &Settings) -> String {
    let get = |key| settings.get(key).unwrap_or_default();
    let host = settings.get("host").or(settings.get("hostaddr")).unwrap_or_default();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("{}@{host}:{}/{}", get("user"), get("port"), get("dbname"))
}

/// Takes the password from the password file, or says why the file is not read.
fn fill_password(settings: &mut Settings, environment: &Environment<'_>) -> Option<String> {
    if settings.get("password").is_some() {
        return None;
    }
    let path = settings.get("passfile").map(PathBuf::from).or_else(|| environment.file(".pgpass"))?;
    let get = |key| settings.get(key).unwrap_or_default();
    let host = settings.get("host").or(settings.get("hostaddr")).unwrap_or_default();
    let host = if host.starts_with('/') { "localhost" } else { host };
    match passfile::password(&path, &[host, get("port"), get("dbname"), get("user")]) {
        Ok(password) => {
            settings.fill("password", password);
            None
        }
        Err(refused) => Some(refused),
    }
}

fn config(settings: &Settings) -> Result<Config, Fault> {
    let mut config = Config::new();
    let get = |key| settings.get(key);
    config.user(get("user").unwrap_or_default()).dbname(get("dbname").unwrap_or_default());
    get("password").into_iter().for_each(|password| {
        config.password(password);
    });
    get("options").into_iter().for_each(|options| {
        config.options(options);
    });
    put_places(&mut config, settings)?;
    put_times(&mut config, settings)?;
    put_choices(&mut config, settings)?;
    Ok(config)
}

fn put_places(config: &mut Config, settings: &Settings) -> Result<(), Fault> {
    for host in settings.get("host").into_iter().flat_map(|hosts| hosts.split(',')) {
        config.host(if host.is_empty() { "localhost" } else { host });
    }
    for address in settings.get("hostaddr").into_iter().flat_map(|addresses| addresses.split(',')) {
        config.hostaddr(address.parse().map_err(|_| bad_value("hostaddr", address, "an IP address"))?);
    }
    if settings.get("host").is_none() {
        config.get_hostaddrs().to_vec().iter().for_each(|address| {
            config.host(&address.to_string());
        });
    }
    for port in settings.get("port").unwrap_or_default().split(',') {
        let number = if port.is_empty() { Ok(5432) } else { port.parse() };
        config.port(number.map_err(|_| bad_value("port", port, "a number up to 65535"))?);
    }
    Ok(())
}

/// A number of seconds, where there is one.
fn seconds(settings: &Settings, key: &str) -> Result<Option<u64>, Fault> {
    let number = |text: &str| text.parse().map_err(|_| bad_value(key, text, "a whole number of seconds"));
    settings.get(key).map(number).transpose()
}

fn put_times(config: &mut Config, settings: &Settings) -> Result<(), Fault> {
    let duration = |key, default| {
        Ok::<_, Fault>(seconds(settings, key)?.filter(|seconds| *seconds > 0).map_or(default, Duration::from_secs))
    };
    config.connect_timeout(duration("connect_timeout", Duration::from_secs(10))?);
    config.keepalives(settings.get("keepalives") != Some("0"));
    config.keepalives_idle(duration("keepalives_idle", Duration::from_secs(30))?);
    config.keepalives_interval(duration("keepalives_interval", Duration::from_secs(5))?);
    let count = settings.get("keepalives_count").unwrap_or("4");
    config.keepalives_retries(count.parse().map_err(|_| bad_value("keepalives_count", count, "a number"))?);
    let milliseconds = settings.get("tcp_user_timeout").unwrap_or("0");
    match milliseconds.parse().map_err(|_| bad_value("tcp_user_timeout", milliseconds, "a number of milliseconds"))? {
        0 => {}
        given => {
            config.tcp_user_timeout(Duration::from_millis(given));
        }
    }
    Ok(())
}

fn put_choices(config: &mut Config, settings: &Settings) -> Result<(), Fault> {
    config.channel_binding(match settings.get("channel_binding") {
        Some("disable") => ChannelBinding::Disable,
        Some("prefer") | None => ChannelBinding::Prefer,
        Some("require") => ChannelBinding::Require,
        Some(other) => return Err(bad_value("channel_binding", other, "`disable`, `prefer` or `require`")),
    });
    config.target_session_attrs(match settings.get("target_session_attrs") {
        Some("any") | None => TargetSessionAttrs::Any,
        Some("read-write" | "primary") => TargetSessionAttrs::ReadWrite,
        Some(other) => return Err(bad_value("target_session_attrs", other, "`any`, `read-write` or `primary`")),
    });
    config.load_balance_hosts(match settings.get("load_balance_hosts") {
        Some("disable") | None => LoadBalanceHosts::Disable,
        Some("random") => LoadBalanceHosts::Random,
        Some(other) => return Err(bad_value("load_balance_hosts", other, "`disable` or `random`")),
    });
    config.ssl_negotiation(match settings.get("sslnegotiation") {
        Some("postgres") | None => SslNegotiation::Postgres,
        Some("direct") => SslNegotiation::Direct,
        Some(other) => return Err(bad_value("sslnegotiation", other, "`postgres` or `direct`")),
    });
    Ok(())
}

/// A fault about a connection.
fn refused(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Connection, message)
}
