//! What a BMC keeps, shown and reset.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use lantern_testkit::process::Output;
use serde_json::Value;

use crate::support::{Bmc, PASSWORD, example, file, finish, lantern, lantern_with};

fn nvram(words: &[&str], state: &Path) -> Output {
    let state = ["--state", state.to_str().unwrap()];
    lantern_with(&[&["bmc", "nvram"], words, &state[..]].concat())
}

fn show(state: &Path) -> Value {
    let output = nvram(&["show", "-o", "json"], state);
    let object = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    object
}

#[test]
fn what_a_bmc_keeps_is_shown_while_it_runs_and_after() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    assert!(nvram(&["show"], &state).expect_failure().contains("No such file"));
    fs::create_dir(&state).unwrap();
    let nothing = nvram(&["show"], &state);
    assert_eq!(nothing.expect_success(), format!("Nothing is kept in {}\n", state.display()));
    assert_eq!(show(&state)["file"], Value::Null);

    let bmc = Bmc::with(&example(), &["--state", state.to_str().unwrap()]);
    bmc.text(&["power", "off"]);
    let running = show(&state);
    assert_eq!((&running["in_use"], &running["power"]), (&true.into(), &"off".into()));
    assert_eq!(running["guid"], "6c616e74-6572-4e00-8000-000000000001");
    assert_eq!(running["format_version"], 1);
    let entries = bmc.json(&["sel", "info"])["entries"].clone();
    assert_eq!(running["sel"]["entries"], entries);
    assert_eq!(running["values"]["events"], entries);
    // Nobody takes it away from under a BMC.
    let refused = nvram(&["reset", "--yes"], &state);
    assert!(refused.expect_failure().contains("another BMC uses this state directory"));

    bmc.stop("-TERM");
    let mut stopped = show(&state);
    assert_eq!(stopped["in_use"], false);
    assert!(stopped["power_on_seconds"].is_number());
    let text = nvram(&["show"], &state).expect_success().to_owned();
    assert!(text.contains("none runs on it") && text.contains("Power           off"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    // The on time is noted at the end.
    for changes in ["in_use", "file_bytes", "power_on_seconds", "values"] {
        stopped[changes] = running[changes].clone();
    }
    assert_eq!(stopped, running);
}

#[test]
fn a_reset_is_asked_for_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let options = ["--state", state.to_str().unwrap()];
    let first = Bmc::with(&example(), &options);
    first.text(&["power", "off"]);
    first.stop("-TERM");

    let unasked = nvram(&["reset"], &state);
    assert_eq!(unasked.code(), Some(2), "{unasked}");
    assert!(unasked.stderr.contains("--yes"), "{unasked}");
    let output = nvram(&["reset", "--yes", "-o", "json"], &state);
    let object: Value = serde_json::from_str(output.expect_success()).unwrap();
    crate::schemas::check(&object);
    let aside = state.join("nvram.redb.old-1");
    assert_eq!(object["moved_to"], Value::from(vec![aside.to_str().unwrap()]));
    assert!(aside.exists());
    let again = nvram(&["reset", "--yes"], &state);
    assert!(again.expect_success().starts_with("Nothing is kept"), "{again}");

    let second = Bmc::with(&example(), &options);
    assert_eq!(second.text(&["power", "status"]), "Chassis power is on\n");
    second.stop("-TERM");
    // And back.
    fs::rename(aside, state.join("nvram.redb")).unwrap();
    let third = Bmc::with(&example(), &options);
    assert_eq!(third.text(&["power", "status"]), "Chassis power is off\n");
}

#[test]
fn what_cannot_be_kept_is_told_before_a_bmc_starts() {
    let directory = tempfile::tempdir().unwrap();
    let config = file(directory.path(), example().as_bytes(), 0o600);
    let run = |state: &Path| {
        let mut command = lantern();
        command.args(["bmc", "run"]).arg(&config).arg("--state").arg(state);
        finish(command.stdout(Stdio::piped()))
    };
    // Not a directory; damaged; of a later version.
    let failed = run(&config);
    assert_eq!(failed.code(), Some(2), "{failed}");
    assert!(failed.stderr.contains(config.to_str().unwrap()), "{failed}");
    let state = directory.path().join("state");
    fs::create_dir(&state).unwrap();
    let kept = state.join("nvram.redb");
    fs::write(&kept, "nonsense").unwrap();
    let failed = run(&state);
    assert_eq!(failed.code(), Some(2), "{failed}");
    assert!(failed.stderr.contains("is damaged"), "{failed}");
    assert!(failed.stderr.contains("lantern bmc nvram reset"), "{failed}");
    assert_eq!(fs::read(&kept).unwrap(), b"nonsense");
    fs::remove_file(&kept).unwrap();
    fs::write(state.join("bmc-state.toml"), "version = 2\n").unwrap();
    let failed = run(&state);
    assert!(failed.stderr.contains("format version 2; this program knows 1"), "{failed}");
}

/// Needs a file system that cannot be written. Root may write anywhere else.
#[test]
fn a_directory_that_cannot_be_written_is_told_and_can_be_shown() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let bmc = Bmc::with(&example(), &["--state", state.to_str().unwrap()]);
    assert_eq!(bmc.stop("-TERM").0.code(), Some(0));
    let program = lantern().get_program().to_owned();
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 77\n\
                  \"$3\" bmc nvram show --state \"$1\" || exit 78\n\
                  exec \"$3\" bmc run \"$2\" --state \"$1\" --listen 127.0.0.1:0";
    let config = file(directory.path(), example().as_bytes(), 0o600);
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    command.arg(&state).arg(&config).arg(program).env("LANTERN_PASSWORD", PASSWORD);
    let output = finish(&mut command);
    if output.code() == Some(77) || output.stderr.starts_with("unshare:") {
        eprintln!("skipped: no mount namespace of our own here\n{output}");
        return;
    }
    assert_eq!(output.code(), Some(2), "{output}");
    assert!(output.stderr.contains("Read-only file system"), "{output}");
    assert!(output.stdout.contains("none runs on it"), "{output}");
    let mode = fs::metadata(state.join("nvram.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
