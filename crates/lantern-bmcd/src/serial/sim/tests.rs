use super::*;

const DONE: Duration = Duration::from_secs(3);

fn heard(console: &mut SimConsole, now: Instant) -> String {
    let mut all = Vec::new();
    while let Some(Heard::Characters(more)) = console.read(now) {
        all.extend(more);
    }
    String::from_utf8(all).unwrap()
}

fn started() -> (SimConsole, Instant) {
    let now = Instant::now();
    let mut console = SimConsole::new("Gallery 1", Clock::Stopped(1_790_000_000));
    console.set_power(now, true);
    let log = heard(&mut console, now + DONE);
    assert!(log.ends_with("\r\n\r\ngallery-1 login: "), "{log:?}");
    (console, now + DONE)
}

fn type_in(console: &mut SimConsole, now: Instant, text: &str) -> String {
    assert_eq!(console.write(now, text.as_bytes()), text.len());
    heard(console, now)
}

#[test]
fn it_starts_in_its_own_time_and_needs_to_be_looked_at_no_oftener_than_it_has_something_to_say() {
    let now = Instant::now();
    let mut console = SimConsole::new("a", Clock::Running);
    assert_eq!((heard(&mut console, now), console.poll_timeout()), (String::new(), None));
    console.set_power(now, true);
    let (mut log, mut looks, mut last) = (String::new(), 0, now);
    while let Some(due) = console.poll_timeout() {
        let more = heard(&mut console, due);
        assert!(!more.is_empty() && due >= last);
        log.push_str(&more);
        (looks, last) = (looks + 1, due);
    }
    assert!(last - now <= Duration::from_secs(2) && looks <= boot::LINES.len());
    // All at once is the same.
    console.set_power(now, true);
    assert_eq!(heard(&mut console, now + DONE), log);
    // And it is a text that fits a terminal.
    assert!(log.lines().all(|line| line.len() <= 100 && line.is_ascii()));
}

#[test]
fn times_of_the_start_only_grow() {
    assert!(boot::LINES.is_sorted_by_key(|(at, _)| *at));
    assert!(boot::kernel().count() > 10);
}

#[test]
fn who_logs_in_has_a_shell() {
    let (mut console, now) = started();
    assert_eq!(type_in(&mut console, now, "rooo\x7ft\r"), "rooo\x08 \x08t\r\nPassword: ");
    let shell = "\r\nThis machine is simulated; 'help' says what there is.\r\nroot@gallery-1:~# ";
    // No password is shown.
    assert_eq!(type_in(&mut console, now, "secret\r"), shell);
    let prompt = "root@gallery-1:~# ";
    for (typed, says) in [
        ("echo a  b", "a  b\r\n"),
        ("date", "Mon Sep 21 14:13:20 UTC 2026\r\n"),
        ("uptime", "up 3 s\r\n"),
        ("rm -rf /", "rm: command not found\r\n"),
        ("", ""),
    ] {
        let expected = format!("{typed}\r\n{says}{prompt}");
        assert_eq!(type_in(&mut console, now, &format!("{typed}\r")), expected);
    }
    for (typed, says) in [
        ("help", "echo WORDS"),
        ("uname -a", "Linux gallery-1 6.12"),
        ("dmesg", "console [ttyS0] enabled"),
        ("reboot", "lantern power reset"),
        ("poweroff", "lantern power off"),
        ("exit", "gallery-1 login: "),
    ] {
        let said = type_in(&mut console, now, &format!("{typed}\r"));
        assert!(said.contains(says), "{typed}: {said}");
    }
    assert_eq!(console.stage, Stage::Login);
}

#[test]
fn nothing_is_said_while_it_is_off_and_little_while_it_starts() {
    let (mut console, now) = started();
    type_in(&mut console, now, "half a na");
    console.set_power(now, false);
    assert_eq!(type_in(&mut console, now, "root\r"), "");
    console.send_break(now);
    assert_eq!((heard(&mut console, now), console.poll_timeout()), (String::new(), None));
    console.set_power(now, true);
    assert_eq!(type_in(&mut console, now, "root\r"), "");
    assert!(type_in(&mut console, now + DONE, "root\r").ends_with("login: root\r\nPassword: "));
}

#[test]
fn a_break_is_answered() {
    let (mut console, now) = started();
    console.send_break(now);
    assert!(heard(&mut console, now).starts_with("\r\n[    3.000000] sysrq: HELP : "));
}

/// What a fleet of a hundred thousand has of each.
#[test]
fn one_that_nobody_looks_at_is_small() {
    assert!(size_of::<SimConsole>() <= 160, "{}", size_of::<SimConsole>());
    let (mut console, now) = started();
    console.set_power(now, false);
    assert_eq!((console.line.capacity(), console.says.capacity()), (0, 0));
}
