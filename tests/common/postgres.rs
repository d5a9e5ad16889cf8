//! A throwaway PostgreSQL server for tests: initialised in a temporary folder, reached over a socket in it, stopped and
//! removed when the last test lets go of it. Where no server is installed it is installed first; if that is not possible
//! the test fails and says so.
#![allow(dead_code, reason = "the benches use a part of this")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// A running server.
pub struct TestServer {
    folder: TempDir,
    programs: PathBuf,
    os_user: Option<String>,
    options: Vec<String>,
    process: Mutex<Option<Child>>,
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
        let server = Arc::new(Self::launch_with(&[]));
        *shared = Arc::downgrade(&server);
        server
    }

    /// A server of its own, with options: `["wal_level=logical"]`.
    pub fn launch_with(options: &[&str]) -> Self {
        let (programs, os_user) = (programs(), server_user());
        let folder = tempfile::Builder::new().prefix("miglab-pg-").tempdir().expect("a temporary folder can be made");
        if let Some(user) = &os_user {
            run(Command::new("chown").arg(user).arg(folder.path()));
        }
        run(as_user(os_user.as_deref(), &programs.join("initdb"))
            .args(["--locale=C.UTF-8", "--encoding=UTF8", "--username=miglab", "--auth=trust", "--no-sync", "-D"])
            .arg(folder.path().join("data")));
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let server = Self { folder, programs, os_user, options, process: Mutex::new(None), user: "miglab".into() };
        server.start_again();
        server
    }

    /// Starts it, after it was stopped.
    pub fn start_again(&self) {
        let usual = ["fsync=off", "listen_addresses=", "timezone=UTC", "max_connections=300"];
        let options = usual.into_iter().chain(self.options.iter().map(String::as_str));
        let process = as_user(self.os_user.as_deref(), &self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(options.flat_map(|option| ["-c", option]))
            .arg("-k")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(self.log()))
            .spawn()
            .expect("the server can be started");
        *self.process() = Some(process);
        self.wait();
    }

    fn log(&self) -> std::fs::File {
        let path = self.folder.path().join("log");
        std::fs::OpenOptions::new().create(true).append(true).open(path).expect("the log can be written")
    }

    /// What the server has logged so far.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.try_connect() {
            assert!(Instant::now() < give_up, "the PostgreSQL server does not answer: {error}\n{}", self.logged());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        Client::connect(&self.url(), NoTls)
    }

    /// Stops it at once, as a crash does: sessions are cut off, and it recovers when it is started again.
    pub fn stop(&self) {
        self.signal("-QUIT");
    }

    /// A fast shutdown for `-INT`: the number of the server is in the first line of its own file.
    fn signal(&self, signal: &str) {
        let Some(mut process) = self.process().take() else { return };
        let pid_file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid_file.lines().next() {
            let _ = Command::new("kill").args([signal, pid]).status();
        }
        let _ = process.wait();
    }

    /// Its folder, where its socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder with its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file that it may read, and nobody else, into the folder with its data.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        std::fs::write(&path, text).expect("the folder of the data can be written to");
        if let Some(user) = &self.os_user {
            run(Command::new("chown").arg(user).arg(&path));
        }
        run(Command::new("chmod").arg("600").arg(&path));
    }

    /// Makes it read its configuration again, and waits until it has.
    pub fn reload(&self) {
        let give_up = Instant::now() + Duration::from_secs(60);
        let asked = "select pg_conf_load_time()::text, pg_reload_conf()";
        let before: String = self.connect().query_one(asked, &[]).expect("it answers").get(0);
        while self.connect().query_one("select pg_conf_load_time()::text", &[]).expect("it answers").get::<_, String>(0)
            == before
        {
            assert!(Instant::now() < give_up, "the server does not read its configuration again");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where it is reached, as libpq writes it.
    pub fn url(&self) -> String {
        format!("host={} port={} user={} dbname=postgres", self.folder.path().display(), self.port(), self.user)
    }

    /// The port that its options say.
    fn port(&self) -> &str {
        self.options.iter().find_map(|option| option.strip_prefix("port=")).unwrap_or("5432")
    }

    /// What `pg_dump` says of the schema of a database.
    pub fn dump(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let mut command = Command::new(dump_program());
        command.args(["--schema-only", "-U", &self.user, "-h", &folder, "-d", database]);
        let output = command.output().expect("`pg_dump` can be run");
        assert!(output.status.success(), "pg_dump failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the database is in UTF-8")
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        self.try_connect().expect("the server was reached before")
    }

    /// Makes a database of that name, empty, and gives its URL.
    pub fn database(&self, name: &str) -> String {
        let mut client = self.connect();
        let quoted = name.replace('"', "\"\"");
        client.batch_execute(&format!("drop database if exists \"{quoted}\" with (force)")).expect("it can be dropped");
        client.batch_execute(&format!("create database \"{quoted}\"")).expect("a database can be made");
        self.database_url(name)
    }

    /// The URL of a database.
    pub fn database_url(&self, name: &str) -> String {
        let encoded = |text: &str| -> String {
            let byte = |byte: u8| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            };
            text.bytes().map(byte).collect()
        };
        let folder = encoded(&self.folder.path().display().to_string());
        format!("postgresql://{}@/{}?host={folder}&port={}", encoded(&self.user), encoded(name), self.port())
    }
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.signal("-INT");
    }
}

/// `pg_dump` lies beside the server's own programs, unless only these are in a folder of their own.
fn dump_program() -> PathBuf {
    let mut folders = vec![programs()];
    if let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(entries.flatten().map(|entry| entry.path().join("bin")));
    }
    let beside = folders.into_iter().map(|folder| folder.join("pg_dump")).find(|program| program.exists());
    beside.unwrap_or_else(|| "pg_dump".into())
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
