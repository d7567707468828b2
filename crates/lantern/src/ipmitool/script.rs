//! What runs other commands in one session: `shell` and `exec`; and what is of use in them, `set` and `echo`.
//! How a line falls apart into words is the original's way: a quote counts at the start of a word only, `~` in
//! quotes is a blank, what follows a closing quote is dropped.

use std::io::{BufRead, IsTerminal, Write};

use super::number::number;
use super::options::{auth_type_name, privilege_name};
use super::tool::{Ended, Failed, Tool};
use super::word;

const PROMPT: &str = "ipmitool> ";

/// A line of a file has so many bytes at most, and so many words.
const LONGEST: usize = 2047;
const WORDS: usize = 64;

/// How many files may `exec` each other; a `shell` counts as one.
const DEPTH: u8 = 16;

/// `exec FILE`: how the last command that failed ended.
pub(super) async fn exec(tool: &Tool, words: &[String]) -> Ended {
    let Some(path) = words.first() else {
        tool.error("Usage: exec <filename>");
        return Err(Failed);
    };
    let content = match std::fs::read(word::path(path)) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            tool.error(&format!("File {path} does not exist"));
            return Err(Failed);
        }
        Err(error) => {
            tool.error(&format!("Unable to open file {path}: {error}"));
            return Err(Failed);
        }
    };
    let depth = tool.depth.get();
    if depth >= DEPTH {
        tool.error(&format!("Unable to open file {path}: {DEPTH} files execute each other"));
        return Err(Failed);
    }
    tool.depth.set(depth.saturating_add(1));
    let mut ended = Ok(());
    for line in content.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(LONGEST))
    {
        let line = word::of(line);
        let line = line.split_once('#').map_or(line.as_str(), |(before, _)| before);
        let mut words = words_of(line.trim_ascii(), &[' ']);
        words.truncate(WORDS);
        if !words.is_empty() && Box::pin(super::command(tool, &words)).await.is_err() {
            ended = Err(Failed);
        }
    }
    tool.depth.set(depth);
    ended
}

/// `shell`: how the last command ended; `quit` is a success.
pub(super) async fn shell(tool: &Tool) -> Ended {
    // The original goes deeper until its memory is used up.
    let depth = tool.depth.get();
    if depth >= DEPTH {
        tool.error(&format!("There are {DEPTH} shells and files within each other already"));
        return Err(Failed);
    }
    tool.depth.set(depth.saturating_add(1));
    let ended = read_eval(tool).await;
    tool.depth.set(depth);
    ended
}

async fn read_eval(tool: &Tool) -> Ended {
    let mut ended = Ok(());
    loop {
        tool.print(PROMPT);
        tool.flush();
        // On a thread of its own: the session is kept alive meanwhile.
        let line = tokio::task::spawn_blocking(|| {
            let (mut line, stdin) = (Vec::new(), std::io::stdin());
            let read = stdin.lock().read_until(b'\n', &mut line);
            read.is_ok_and(|read| read > 0).then_some(line)
        });
        let Ok(Some(line)) = line.await else { break };
        let line = word::of(&line);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        if !std::io::stdin().is_terminal() {
            // Nobody has seen it typed.
            tool.print(&format!("{line}\n"));
        }
        match line {
            "quit" | "exit" => return Ok(()),
            "help" | "?" => {
                super::commands(tool);
                continue;
            }
            _ => {}
        }
        let words = words_of(line, &[' ', '\t']);
        if !words.is_empty() {
            ended = Box::pin(super::command(tool, &words)).await;
        }
        tool.flush();
        let _ = std::io::stderr().flush();
    }
    tool.print("\n");
    ended
}

/// `echo`: the words, each with a blank behind it.
pub(super) fn echo(tool: &Tool, words: &[String]) {
    let line: String = words.iter().map(|word| format!("{word} ")).collect();
    tool.print(&format!("{line}\n"));
}

/// `set`: what concerns the session is told and without effect, as the session is open.
pub(super) fn set(tool: &Tool, words: &[String]) -> Ended {
    let (option, value) = match words {
        [] => return usage(tool),
        [option] => (option.as_str(), None),
        [option, value, ..] => (option.as_str(), Some(value.as_str())),
    };
    let wrong = |line: String| {
        tool.error(&line);
        Err(Failed)
    };
    let level = |value: &str| {
        number::<i32>(value).map(|level| u8::try_from(level.max(0)).unwrap_or(u8::MAX))
    };
    match (option, value) {
        ("help", _) => return usage(tool),
        ("verbose", None) => tool.verbose.set(tool.verbose.get().saturating_add(1)),
        ("verbose", Some(value)) => match level(value) {
            Some(level) => tool.verbose.set(level),
            None => return wrong(format!("Given verbose '{value}' argument is invalid.")),
        },
        ("csv", None) => tool.csv.set(true),
        ("csv", Some(value)) => match number::<i32>(value) {
            Some(level) => tool.csv.set(level != 0),
            None => return wrong(format!("Given csv '{value}' argument is invalid.")),
        },
        ("host" | "hostname", Some(host)) => {
            tool.print(&format!("Set session hostname to {host}\n"))
        }
        ("user" | "username", Some(user)) => {
            let user: String = user.chars().take(16).collect();
            tool.print(&format!("Set session username to {user}\n"));
        }
        ("pass" | "password", Some(_)) => tool.print("Set session password\n"),
        ("authtype", Some(name)) => match auth_type_name(name) {
            Some(name) => tool.print(&format!("Set session authtype to {name}\n")),
            None => return wrong(format!("Invalid authtype: {name}")),
        },
        ("privlvl", Some(name)) => match privilege_name(name) {
            Some(name) => tool.print(&format!("Set session privilege level to {name}\n")),
            None => return wrong(format!("Invalid privilege level: {name}")),
        },
        ("port", Some(value)) => match number::<i32>(value).filter(|port| *port <= 65535) {
            Some(port) => tool.print(&format!("Set session port to {port}\n")),
            None => return wrong(format!("Given port '{value}' is invalid.")),
        },
        ("localaddr", Some(value)) => match number::<u8>(value) {
            Some(address) => tool.print(&format!("Set local IPMB address to 0x{address:02x}\n")),
            None => return wrong(format!("Given localaddr '{value}' is invalid.")),
        },
        ("targetaddr", Some(value)) => match number::<u8>(value) {
            // To say so and ask the BMC all the same would be to answer for somebody else.
            Some(_) => {
                return wrong("targetaddr is not changed within a session: use -t".to_owned());
            }
            None => return wrong(format!("Given targetaddr '{value}' is invalid.")),
        },
        _ => return usage(tool),
    }
    Ok(())
}

fn usage(tool: &Tool) -> Ended {
    tool.notice(
        "set csv [0|1], verbose [N]; hostname, username, password, privlvl, authtype, port and",
    );
    tool.notice("    localaddr with a value: for whoever sets them, the session stays as it is");
    Err(Failed)
}

/// A line as words, in the original's way.
fn words_of(line: &str, blanks: &[char]) -> Vec<String> {
    let mut joined = String::with_capacity(line.len());
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        joined.push(if quote.is_some() && c.is_ascii_whitespace() { '~' } else { c });
    }
    let word = |word: &str| match word.chars().next() {
        Some(open @ ('"' | '\'')) => {
            let inner = word.get(1..).unwrap_or_default();
            let end = inner.find(open).unwrap_or(inner.len());
            inner.get(..end).unwrap_or_default().replace('~', " ")
        }
        _ => word.to_owned(),
    };
    joined.split(blanks).filter(|piece| !piece.is_empty()).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_apart_as_in_the_original() {
        let words = |line| words_of(line, &[' ']);
        assert_eq!(words("echo a  \"b  c\" d"), ["echo", "a", "b  c", "d"]);
        assert_eq!(words("x'y z' \"~\" ~ \"q\"r"), ["x'y~z'", " ", "~", "q"]);
        assert_eq!(words("\"it's\" fine 'a b'"), ["it's", "fine", "a b"]);
        assert_eq!(words("\"open"), ["open"]);
        assert_eq!(words("a\tb"), ["a\tb"]);
        assert_eq!(words("\"\""), [""]);
        assert_eq!(words(" "), Vec::<String>::new());
    }
}
