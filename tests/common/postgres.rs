//! A throwaway PostgreSQL server for tests: initialised in a temporary folder, reached over a socket in it, stopped and
//! removed when the last test lets go of it. Where no server is installed it is installed first; if that is not possible
//! the test fails and says so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// A running server.
pub struct TestServer {
    folder: TempDir,
    process: Child,
    user: String,
}

static SHARED: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());

impl TestServer {
    /// The server of this test process, started if it is not running.
    pub fn start() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let server = Arc::new(Self::launch());
        *shared = Arc::downgrade(&server);
        server
    }

    fn launch() -> Self {
        let programs = programs();
        let user = server_user();
        let folder = tempfile::Builder::new().prefix("miglab-pg-").tempdir().expect("a temporary folder can be made");
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(folder.path()));
        }
        let data = folder.path().join("data");
        run(as_user(user.as_deref(), &programs.join("initdb"))
            .args(["--locale=C.UTF-8", "--encoding=UTF8", "--username=miglab", "--auth=trust", "--no-sync", "-D"])
            .arg(&data));
        let process = as_user(user.as_deref(), &programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "fsync=off", "-c", "listen_addresses=", "-c", "timezone=UTC", "-c", "max_connections=20"])
            .arg("-k")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server can be started");
        let server = Self { folder, process, user: "miglab".into() };
        server.wait();
        server
    }

    fn wait(&self) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.try_connect() {
            assert!(Instant::now() < give_up, "the PostgreSQL server does not answer: {error}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        Client::connect(&self.url(), NoTls)
    }

    /// Where it is reached, as libpq writes it.
    pub fn url(&self) -> String {
        format!("host={} user={} dbname=postgres", self.folder.path().display(), self.user)
    }

    /// What `pg_dump` says of the schema of a database.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn dump(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let mut command = Command::new(programs().join("pg_dump"));
        command.args(["--schema-only", "-U", &self.user, "-h", &folder, "-d", database]);
        let output = command.output().expect("`pg_dump` can be run");
        assert!(output.status.success(), "pg_dump failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the database is in UTF-8")
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        self.try_connect().expect("the server was reached before")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // A fast shutdown: SIGINT to the server, whose number is in the first line of its own file.
        let pid_file = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid_file.lines().next() {
            let _ = Command::new("kill").args(["-INT", pid]).status();
        }
        let _ = self.process.wait();
    }
}

/// The folder with `initdb` and `postgres`; they are installed if they are missing.
fn programs() -> PathBuf {
    find_programs().unwrap_or_else(|| {
        install();
        find_programs().expect("PostgreSQL was installed, but `initdb` is in none of the usual folders")
    })
}

fn find_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect())?;
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders.push("/usr/local/bin".into());
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn install() {
    let prefix: &[&str] = if is_root() { &[] } else { &["sudo", "-n"] };
    for arguments in [&["apt-get", "update"][..], &["apt-get", "install", "-y", "postgresql"]] {
        let line: Vec<&str> = prefix.iter().chain(arguments).copied().collect();
        let done = Command::new(line[0])
            .args(&line[1..])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        assert!(
            done,
            "this test needs a PostgreSQL server (`initdb` and `postgres`), found none, and `{}` failed: install one",
            line.join(" ")
        );
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The server refuses to run as root: then it runs as a user that every system has.
fn server_user() -> Option<String> {
    if !is_root() {
        return None;
    }
    let exists = |user: &&str| Command::new("id").arg(user).output().is_ok_and(|output| output.status.success());
    let user = ["postgres", "nobody"].into_iter().find(exists);
    Some(user.expect("as root, this test needs a user `postgres` or `nobody` to run the server as").into())
}

/// A command as that user, which of the usual programs for it there is.
fn as_user(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let exists = |name: &str| Command::new(name).arg("--help").output().is_ok_and(|output| output.status.success());
    let mut command = if exists("setpriv") {
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={user}")).arg(format!("--regid={}", group_of(user))).arg("--clear-groups");
        command.arg(program);
        command
    } else {
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--"]).arg(program);
        command
    };
    command.current_dir("/");
    command
}

fn group_of(user: &str) -> String {
    let output = Command::new("id").args(["-g", user]).output().expect("`id` was found before");
    String::from_utf8_lossy(&output.stdout).trim().into()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
}
