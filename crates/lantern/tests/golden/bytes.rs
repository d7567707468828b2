//! Words that are not UTF-8, and where passwords come from.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::pair::Pair;
use crate::support::{PASSWORD, finish};

/// In Latin-1, which is not UTF-8.
const LATIN: &[u8] = b"p\xe4ss\xff";

fn word(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Both do the same with these words, and what the original reads of both BMCs is the same then.
#[track_caller]
fn same(pair: &Pair, words: &[&OsStr], read: &str) {
    let theirs = finish(pair.their_command(&[]).args(words));
    let ours = finish(pair.our_command(&[]).args(words));
    assert_eq!((&ours.stdout, ours.code()), (&theirs.stdout, theirs.code()), "{ours}");
    pair.same_state(&[read]);
}

#[test]
fn words_are_bytes() {
    let Some(pair) = Pair::reference() else { return };
    let o = OsStr::new;
    same(&pair, &[o("user"), o("set"), o("password"), o("4"), word(LATIN)], "user list 1");
    let words = [o("-U"), o("guest"), o("-L"), o("USER"), o("-P"), word(LATIN), o("mc"), o("guid")];
    assert_eq!(finish(pair.our_command(&[]).args(words)).code(), Some(0));
    let by_real = pair.real_of_ours(&words);
    assert_eq!(by_real.code(), Some(0), "{by_real}");

    let words = [o("user"), o("test"), o("4"), o("16"), word(LATIN)];
    same(&pair, &words, "user list 1");
    // Sixteen bytes of it, which as UTF-8 would be more.
    let name = [0xe4; 16];
    same(&pair, &[o("user"), o("set"), o("name"), o("4"), word(&name)], "user list 1");
    same(&pair, &[o("user"), o("set"), o("name"), o("4"), word(&[0xe4; 17])], "user list 1");
    same(&pair, &[o("lan"), o("set"), o("1"), o("snmp"), word(LATIN)], "lan print 1");
    same(&pair, &[o("mc"), o("setsysinfo"), o("os_name"), word(LATIN)], "mc getsysinfo os_name");
    same(&pair, &[o("dcmi"), o("set_mc_id_string"), word(LATIN)], "dcmi get_mc_id_string");
    same(&pair, &[o("dcmi"), o("set_asset_tag"), word(LATIN)], "dcmi asset_tag");
    let edit = [o("fru"), o("edit"), o("0"), o("field"), o("b"), o("2"), word(LATIN)];
    same(&pair, &edit, "fru print 0");
    same(&pair, &[o("echo"), word(LATIN), o("\u{e4}"), o("\u{10ff80}")], "power status");
    same(&pair, &[word(LATIN)], "power status");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(OsString::from_vec(LATIN.to_vec()));
    std::fs::write(&path, [b"echo ", LATIN, b"\nuser set name 4 \xe5\n"].concat()).unwrap();
    same(&pair, &[o("exec"), path.as_os_str()], "user list 1");
    let image = directory.path().join(word(b"\xfe"));
    let read = pair.our_command(&["fru", "read", "0"]).arg(&image).output().unwrap();
    assert!(read.status.success() && image.exists());
}

#[test]
fn a_pipe_with_a_password_need_not_end() {
    let Some(pair) = Pair::reference() else { return };
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut command = pair.our_command(&["-f"]);
    let mut child =
        command.arg(&pipe).args(["power", "status"]).stdout(Stdio::null()).spawn().unwrap();
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    writeln!(writer, "{PASSWORD}").unwrap();
    // Open until it has ended.
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(50), "it waits for the end of the pipe");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
    drop(writer);
    pair.same_words(&["-f", "/dev/zero", "power", "status"]);
}

#[test]
fn shells_within_shells_have_an_end() {
    let Some(pair) = Pair::reference() else { return };
    let mut child = pair
        .our_command(&["shell"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = "shell\n".repeat(300);
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("16 shells and files within each other"), "{said}");
}
