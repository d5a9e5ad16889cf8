//! Who runs this program, as far as the machine knows.

use std::process::Command;

use crate::operate::Runner;

/// The user and the machine.
#[must_use]
pub fn runner() -> Runner {
    let variable =
        |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let host_file = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let host = host_file().or_else(|| variable(&["HOSTNAME", "COMPUTERNAME"]));
    let os_user = variable(&["USER", "LOGNAME", "USERNAME"]).or_else(own_name);
    let or_unknown = |name: Option<String>| name.unwrap_or_else(|| "unknown".to_owned());
    Runner::new(or_unknown(host), or_unknown(os_user))
}

/// The name of the user, as the system knows it where the environment does not.
fn own_name() -> Option<String> {
    let output = Command::new("id").arg("-un").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|name| !name.is_empty())
}
