//! `sol activate` and `looptest`, in a terminal: what is on the screen in the end, to the last byte.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use lantern_testkit::terminal::Terminal;

use crate::pair::Pair;

const PATIENCE: Duration = Duration::from_secs(60);
const READY: &str = "[SOL Session operational.  Use ~? for help]";

/// Two BMCs whose port is wired to a program that says so, and what it gets.
fn echoing() -> Option<Pair> {
    let script = r#"command = ['/bin/sh', '-c', "stty raw -echo; printf 'ready\\r\\n'; exec cat"]"#;
    Pair::with(|config| config.replace("sim = true", script))
}

/// What is on the screen, and the exit code, after somebody has sat there.
fn sat(command: Command, mut sit: impl FnMut(&mut Terminal)) -> (String, Option<i32>) {
    let mut terminal = Terminal::start(command);
    sit(&mut terminal);
    let status = terminal.wait(PATIENCE);
    (terminal.transcript(), status.code())
}

/// Both show the same to who does this.
#[track_caller]
fn same(pair: &Pair, line: &str, mut sit: impl FnMut(&mut Terminal)) -> String {
    let words: Vec<_> = line.split_whitespace().collect();
    let theirs = sat(pair.their_command(&words), &mut sit);
    let ours = sat(pair.our_command(&words), &mut sit);
    assert_eq!(ours, theirs, "{line}");
    theirs.0
}

fn leave(terminal: &mut Terminal) {
    terminal.send("\r");
    terminal.wait_for("\r", PATIENCE);
    terminal.send("~.");
}

#[test]
fn who_sits_at_a_console_sees_the_same() {
    for line in ["sol activate", "sol activate usesolkeepalive", "sol activate nokeepalive"] {
        // What the last one did not acknowledge is shown to the next: a new BMC each.
        let Some(pair) = echoing() else { return };
        let screen = same(&pair, line, |terminal| {
            terminal.wait_for(READY, PATIENCE);
            terminal.wait_for("ready", PATIENCE);
            terminal.send("hello\r");
            terminal.wait_for("hello\r", PATIENCE);
            terminal.send("~?");
            terminal.wait_for("newline.)", PATIENCE);
            terminal.send("\r");
            terminal.wait_for("\r", PATIENCE);
            terminal.send("~B");
            terminal.wait_for("[send break]", PATIENCE);
            terminal.send("\r");
            terminal.wait_for("\r", PATIENCE);
            terminal.send("~~tilde\r");
            terminal.wait_for("tilde\r", PATIENCE);
            leave(terminal);
        });
        assert!(screen.contains("[terminated ipmitool]"), "{screen}");
    }
    // Another character.
    let Some(pair) = echoing() else { return };
    same(&pair, "-e & sol activate", |terminal| {
        terminal.wait_for("[SOL Session operational.  Use &? for help]", PATIENCE);
        terminal.wait_for("ready", PATIENCE);
        terminal.send("&?");
        terminal.wait_for("newline.)", PATIENCE);
        terminal.send("\r");
        terminal.wait_for("\r", PATIENCE);
        terminal.send("~.\r");
        terminal.wait_for("~.\r", PATIENCE);
        terminal.send("&.");
    });
}

#[test]
fn a_second_one_is_refused_alike() {
    let Some(pair) = echoing() else { return };
    let active = [pair.their_command(&["sol", "activate"]), pair.our_command(&["sol", "activate"])];
    let mut active = active.map(|command| {
        let mut terminal = Terminal::start(command);
        terminal.wait_for("ready", PATIENCE);
        terminal
    });
    let screen = same(&pair, "sol activate", |_| {});
    assert!(screen.contains("Info: SOL payload already active on another session"), "{screen}");
    pair.same("sol activate");
    pair.same("sol looptest 2 10");
    for terminal in &mut active {
        leave(terminal);
        assert_eq!(terminal.wait(PATIENCE).code(), Some(0));
    }
}

/// The original does not heed it when it is told: it finds out when somebody types, and says that that
/// failed. We end when we are told.
#[test]
fn who_is_thrown_out_sees_the_same() {
    let Some(pair) = echoing() else { return };
    let words = ["-N", "1", "-R", "1", "sol", "activate"];
    let theirs = sat(pair.their_command(&words), |terminal| {
        terminal.wait_for("ready", PATIENCE);
        pair.theirs(&["sol", "deactivate"]).expect_success();
        terminal.send("x");
    });
    let ours = sat(pair.our_command(&words), |terminal| {
        terminal.wait_for("ready", PATIENCE);
        pair.ours(&["sol", "deactivate"]).expect_success();
    });
    let theirs = (theirs.0.replace("Error sending SOL data: FAIL\n", ""), theirs.1);
    assert_eq!(ours, theirs);
    assert!(ours.0.contains("SOL session closed by BMC"), "{}", ours.0);
}

#[test]
fn arguments_that_are_wrong_are_refused_alike() {
    let Some(pair) = echoing() else { return };
    for line in [
        "sol activate instance=0",
        "sol activate instance=16",
        "sol activate instance=x",
        "sol activate bogus",
        "sol activate usesolkeepalive bogus",
        "-I lan sol activate",
        "-I lan sol looptest 1",
        "sol looptest 3 10",
        "sol looptest 1 10 1",
        "sol looptest x",
        "sol looptest 1 x",
        "sol looptest 1 10 x",
        "sol looptest 1 10 16",
        "sol looptest 1 10 1 1",
    ] {
        pair.same(line);
    }
    // One that only reads.
    same(&pair, "sol activate instance=2", |terminal| {
        terminal.wait_for("ready", PATIENCE);
        terminal.send("\r~.");
    });
}

/// Standard input is no terminal, and ends.
#[test]
fn what_is_piped_in_is_typed_alike() {
    let Some(pair) = echoing() else { return };
    let words = ["sol", "activate"];
    let [theirs, ours] =
        [pair.their_command(&words), pair.our_command(&words)].map(|mut command| {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            std::thread::sleep(Duration::from_secs(2));
            stdin.write_all(b"hello\r").unwrap();
            std::thread::sleep(Duration::from_secs(2));
            stdin.write_all(b"~.").unwrap();
            let output = child.wait_with_output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.code())
        });
    assert_eq!(ours, theirs);
}
