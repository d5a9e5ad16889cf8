//! Certificates made for a test, with `openssl` as the documentation of PostgreSQL shows it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with certificates and their keys.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A certificate that signs itself: `NAME.crt` and `NAME.key`.
    pub fn signed_by_itself(&self, name: &str, subject: &str) {
        openssl(
            self.folder.path(),
            &format!("req -new -x509 -days 30 -nodes -subj {subject} -keyout {name}.key -out {name}.crt"),
        );
    }

    /// A certificate signed by another, for these names: `DNS:localhost`.
    pub fn signed_by(&self, root: &str, name: &str, subject: &str, names: &str) {
        let folder = self.folder.path();
        openssl(folder, &format!("req -new -nodes -subj {subject} -keyout {name}.key -out {name}.csr"));
        std::fs::write(self.path("extensions"), format!("subjectAltName={names}\n")).unwrap();
        openssl(
            folder,
            &format!(
                "x509 -req -days 30 -in {name}.csr -CA {root}.crt -CAkey {root}.key -CAcreateserial \
                 -extfile extensions -out {name}.crt"
            ),
        );
    }

    /// One as `openssl x509 -req` makes it without being told of extensions: of version 1 with older releases.
    pub fn signed_plainly_by(&self, root: &str, name: &str, subject: &str) {
        let folder = self.folder.path();
        openssl(folder, &format!("req -new -nodes -subj {subject} -keyout {name}.key -out {name}.csr"));
        openssl(
            folder,
            &format!(
                "x509 -req -days 30 -in {name}.csr -CA {root}.crt -CAkey {root}.key -CAcreateserial -out {name}.crt"
            ),
        );
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output();
    let output = output.expect("this test needs `openssl`, to make certificates: install it");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
