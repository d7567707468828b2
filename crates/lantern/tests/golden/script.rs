//! `exec`, `shell`, `set`, `echo`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::pair::Pair;

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn a_file_of_commands_says_and_ends_the_same() {
    let Some(pair) = Pair::reference() else { return };
    let many: String = (1..=70).map(|n| format!(" {n}")).collect();
    for content in [
        "power status\n# c\n\n  echo a  \"b  c\" d # e\necho x\ty\n",
        "bogus\n",
        "bogus\npower status\n",
        "power status\nraw 6\n",
        "power bogus\necho on\n",
        "echo 'a b' \"c d\" x'y z' \"~\" ~ \"q\"r\n",
        "echo no newline",
        "echo a#b\n",
        "quit\necho s\n",
        "help\n",
        "\"echo\" a\n",
        "\techo tab\n",
        "echo \"\"\n",
        "echo \"it's\" fine 'a b'\n",
        "echo a\r\n",
        "set csv\nset verbose 0\nraw 6 1\nset verbose x\n",
        "",
        &format!("echo{many}\n"),
    ] {
        let file = file(content);
        pair.same_words(&["exec", file.path().to_str().unwrap()]);
    }
    for line in ["exec", "exec /nonexistent/file", "exec help", "echo", "echo a b"] {
        pair.same(line);
    }
    let file = file("power off\necho done\npower status\n");
    pair.same_change(&format!("exec {}", file.path().display()), &["power status"]);
}

#[test]
fn settings_are_told_the_same() {
    let Some(pair) = Pair::specimens() else { return };
    for line in [
        "set",
        "set help",
        "set csv",
        "set csv 1",
        "set csv x",
        "set verbose",
        "set verbose 0x2",
        "set verbose x",
        "set hostname",
        "set hostname a",
        "set host a",
        "set username someone",
        "set user abcdefghijklmnopqrst",
        "set password p",
        "set pass p",
        "set privlvl user",
        "set privlvl bogus",
        "set authtype md5",
        "set authtype rmcp+",
        "set authtype x",
        "set port 623",
        "set port -5",
        "set port 65536",
        "set localaddr 0x20",
        "set localaddr 256",
        "set targetaddr 256",
        "set bogus",
        "set bogus x",
    ] {
        pair.same(line);
    }
}

#[test]
fn a_shell_shows_its_prompt_and_what_it_reads() {
    let Some(pair) = Pair::reference() else { return };
    for (typed, code) in [
        ("power status\n\necho a  \"b  c\" d\nquit\n", 0),
        ("bogus\nexit\n", 0),
        (" quit\nquit\n", 0),
        ("help\n?\nquit\n", 0),
        ("echo 'a b' \"c d\" x'y z' \"~\"\nset port 5\nquit\n", 0),
        ("raw 6 1\npower off\npower status\nquit\n", 0),
    ] {
        let shell = |mut command: Command| {
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.code())
        };
        let (theirs, ours) =
            (shell(pair.their_command(&["shell"])), shell(pair.our_command(&["shell"])));
        assert_eq!(ours, theirs, "{typed:?}");
        assert_eq!(ours.1, Some(code));
    }
}
