//! What the environment says of the server: `PG*` variables, `DATABASE_URL`, and files in the home folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::settings::Settings;

/// What can be asked about the environment.
pub(super) struct Environment<'a> {
    /// The value of a variable.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The home folder.
    pub(super) home: Option<PathBuf>,
}

/// Variables and the options that they stand for.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGOPTIONS", "options"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
];

/// Folders where servers have their sockets.
const SOCKET_FOLDERS: &[&str] = &["/var/run/postgresql", "/tmp"];

impl Environment<'_> {
    /// Fills in what an address leaves open.
    pub(super) fn fill(&self, settings: &mut Settings) {
        let has_address = settings.get("host").is_some() || settings.get("hostaddr").is_some();
        for (variable, option) in VARIABLES {
            if !(has_address && *option == "hostaddr") {
                settings.fill(option, (self.variable)(variable));
            }
        }
        settings.fill("port", Some("5432".into()));
        if settings.get("hostaddr").is_none() {
            settings.fill("host", Some(default_host(settings.get("port").unwrap_or_default())));
        }
        if settings.get("user").is_none() {
            settings.fill("user", self.os_user());
        }
        settings.fill("dbname", settings.get("user").map(Into::into));
    }

    fn os_user(&self) -> Option<String> {
        let output = Command::new("id").arg("-un").output().ok().filter(|output| output.status.success());
        let name = output.and_then(|output| String::from_utf8(output.stdout).ok()).map(|name| name.trim().to_owned());
        let named = |variable| (self.variable)(variable);
        name.filter(|name| !name.is_empty())
            .or_else(|| named("USER"))
            .or_else(|| named("LOGNAME"))
            .or_else(|| named("USERNAME"))
    }

    /// A file of libpq's in the home folder, if it is there.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(name)).filter(|path| path.exists())
    }
}

fn default_host(port: &str) -> String {
    let has_socket = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    SOCKET_FOLDERS.iter().find(has_socket).map_or("localhost", |folder| *folder).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(given: &str, variables: &[(&str, &str)]) -> Settings {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut settings = Settings::read(given).expect("it can be read");
        Environment { variable: &variable, home: None }.fill(&mut settings);
        settings
    }

    #[test]
    fn what_is_given_goes_before_the_environment() {
        let variables = [("PGHOST", "elsewhere"), ("PGPORT", "6000"), ("PGUSER", "me"), ("PGPASSWORD", "secret")];
        let settings = filled("postgres://db", &variables);
        let got = ["host", "port", "user", "dbname", "password"].map(|key| settings.get(key).unwrap_or_default());
        assert_eq!(got, ["db", "6000", "me", "me", "secret"]);
    }

    #[test]
    fn defaults_are_those_of_libpq() {
        let settings = filled("port=1", &[]);
        assert_eq!(settings.get("host"), Some("localhost"));
        assert!(settings.get("user").is_some());
        assert_eq!(settings.get("user"), settings.get("dbname"));
        assert_eq!(filled("hostaddr=127.0.0.1", &[]).get("host"), None);
        assert_eq!(filled("host=db", &[("PGHOSTADDR", "1.2.3.4")]).get("hostaddr"), None);
    }
}
