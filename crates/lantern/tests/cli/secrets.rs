//! Every source of a secret, and that a secret goes nowhere but to the BMC.

use std::path::PathBuf;
use std::process::Command;

use lantern_testkit::process::Output;

use crate::support::{Bmc, PASSWORD, file, finish, lantern};

/// A BMC, and its credential described by `text`.
fn config(bmc: &Bmc, text: &str) -> PathBuf {
    let path = bmc.directory.path().join("lantern.toml");
    let text = format!(
        "[hosts.bmc]\naddress = \"{}\"\nuser = \"admin\"\ncredential = \"c\"\n[credentials.c]\n{text}\n",
        bmc.address
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn status(bmc: &Bmc, credential: &str) -> Command {
    let mut command = lantern();
    command.arg("--config").arg(config(bmc, credential)).args(["-H", "bmc", "power", "status"]);
    command
}

/// The same program, started by a shell that sets up its file descriptors.
fn by_shell(command: &Command, script: &str) -> Output {
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    finish(&mut shell)
}

#[track_caller]
fn says(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code(), Some(code), "{}", output.stderr);
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
    assert!(!output.stderr.contains(PASSWORD) && !output.stdout.contains(PASSWORD));
}

#[test]
fn a_secret_is_taken_from_a_variable() {
    let bmc = Bmc::start();
    let text = "env = \"BENCH\"";
    finish(status(&bmc, text).env("BENCH", PASSWORD)).expect_success();
    for command in [&mut status(&bmc, text), status(&bmc, text).env("BENCH", "")] {
        let output = finish(command.env_remove("NOTHING"));
        says(&output, 2, &["lantern.toml:5: credential 'c'", "BENCH is not set, or empty"]);
    }
}

#[test]
fn a_secret_is_taken_from_a_file_of_its_owners_alone() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path();
    let good = file(directory, b"Complex_Pass\nmore\n", 0o600);
    finish(&mut status(&bmc, &format!("file = \"{}\"", good.display()))).expect_success();
    let beside = good.file_name().unwrap().to_str().unwrap();
    finish(&mut status(&bmc, &format!("file = \"{beside}\""))).expect_success();
    let homely = finish(status(&bmc, &format!("file = \"~/{beside}\"")).env("HOME", directory));
    homely.expect_success();
    for mode in [0o640, 0o604, 0o660] {
        let open = file(directory, b"Complex_Pass\n", mode);
        let output = finish(&mut status(&bmc, &format!("file = \"{}\"", open.display())));
        says(&output, 2, &["credential 'c'", "others than its owner may use it", "chmod 600"]);
    }
}

#[test]
fn a_secret_is_taken_from_a_program() {
    let bmc = Bmc::start();
    finish(&mut status(&bmc, "command = [\"printf\", \"Complex_Pass\\nnot this\"]"))
        .expect_success();
    let fails =
        "command = [\"sh\", \"-c\", \"echo Complex_Pass; echo 'vault is sealed' >&2; exit 7\"]";
    let output = finish(&mut status(&bmc, fails));
    says(&output, 2, &["credential 'c': command sh: ended with exit status: 7", "vault is sealed"]);
    let hangs = "command = [\"sleep\", \"60\"]\ntimeout = 0.2";
    says(&finish(&mut status(&bmc, hangs)), 2, &["no end after 0.2 s", "timeout = SECONDS"]);
    let missing = "command = [\"/nonexistent/pass\"]";
    says(&finish(&mut status(&bmc, missing)), 2, &["cannot be started", "no shell"]);
    // The host's name is an argument like any other.
    finish(&mut status(
        &bmc,
        "command = [\"sh\", \"-c\", \"test $0 = bmc && echo Complex_Pass\", \"{host}\"]",
    ))
    .expect_success();
    let mut typed = bmc.console(&["power", "status", "--password-command", "echo 'Complex_Pass'"]);
    finish(typed.env_remove("LANTERN_PASSWORD")).expect_success();
}

#[test]
fn a_secret_is_taken_from_a_file_descriptor() {
    let bmc = Bmc::start();
    let secret = file(bmc.directory.path(), b"Complex_Pass\nmore\n", 0o600);
    let secret = secret.display();
    let filed = status(&bmc, "fd = 3");
    by_shell(&filed, &format!("exec \"$0\" \"$@\" 3<{secret}")).expect_success();
    // A pipe whose other end stays open: the line is enough.
    let script = "exec \"$0\" \"$@\" 3< <(echo Complex_Pass; sleep 20)";
    by_shell(&filed, script).expect_success();
    let mut typed = bmc.console(&["power", "status", "--password-fd", "0"]);
    typed.env_remove("LANTERN_PASSWORD");
    by_shell(&typed, "echo Complex_Pass | exec \"$0\" \"$@\"").expect_success();
    says(&by_shell(&filed, "exec \"$0\" \"$@\" 3<&-"), 2, &["file descriptor 3: cannot be read"]);
    says(&by_shell(&filed, "exec \"$0\" \"$@\" 3</dev/null"), 2, &["first line is empty"]);
}

#[test]
fn a_secret_is_taken_from_systemd() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path();
    // As systemd leaves it where it uses access lists: the group's bits are their mask.
    let secret = file(directory, b"Complex_Pass", 0o440);
    let name = secret.file_name().unwrap().to_str().unwrap();
    let text = format!("systemd = \"{name}\"");
    finish(status(&bmc, &text).env("CREDENTIALS_DIRECTORY", directory)).expect_success();
    let outside = finish(status(&bmc, &text).env_remove("CREDENTIALS_DIRECTORY"));
    says(&outside, 2, &["systemd has passed no credential", "LoadCredential="]);
}

#[test]
fn a_secret_that_somebody_knows_is_asked_for() {
    let bmc = Bmc::start();
    // Without a terminal nobody is there.
    says(&finish(&mut status(&bmc, "prompt = true")), 2, &["no terminal"]);
}

#[test]
fn one_way_at_a_time() {
    let bmc = Bmc::start();
    for words in [
        &["-P", "x", "--password-fd", "0"][..],
        &["--password-file", "x", "--password-command", "y"],
        &["--password-fd", "3", "--password-command", "y"],
    ] {
        let output = bmc.run(&[&["power", "status"], words].concat());
        says(&output, 2, &["exclude each other", words[0], words[2]]);
    }
    // What is typed counts more than what is around, and that more than what is filed.
    let mut command = status(&bmc, "env = \"NOTHING\"");
    finish(command.env("LANTERN_PASSWORD", PASSWORD)).expect_success();
    let mut command = status(&bmc, "env = \"BENCH\"");
    command.args(["--password-command", "echo wrong"]);
    says(&finish(command.env("BENCH", PASSWORD)), 3, &["wrong password"]);
}

/// What can be seen of our process and its children while it runs.
#[test]
fn no_secret_is_in_anybodys_arguments() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path();
    let seen = directory.join("seen");
    let script = format!(
        "cat /proc/$PPID/cmdline /proc/self/cmdline > {0}; env >> {0}; cat {1}",
        seen.display(),
        file(directory, b"Complex_Pass\n", 0o600).display()
    );
    let text = format!("command = [\"sh\", \"-c\", '''{script}''']");
    let kg = file(directory, b"k\n", 0o600);
    let mut command = status(&bmc, &text);
    command.arg("-vvv").env("LANTERN_KG", "Secret_Key").arg("--kg-file").arg(kg);
    let output = finish(&mut command);
    // How it ends does not matter here.
    let seen = std::fs::read_to_string(&seen).unwrap();
    assert!(seen.contains("power") && seen.contains("PATH="), "{seen}");
    assert!(!seen.contains(PASSWORD) && !seen.contains("Secret_Key"), "{seen}");
    let all = output.stdout + &output.stderr;
    assert!(!all.contains(PASSWORD) && !all.contains("Secret_Key"), "{all}");
}
