//! Consoles over bad lines and long ones, in real time: ours beside ipmitool and ipmiconsole. That ours
//! loses nothing is asserted; times are printed, for `cargo xtask bench consoles`.

use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use lantern_testkit::peers::{FreeIpmi, Ipmitool};
use lantern_testkit::tap::{Direction, Line, Tap};
use lantern_testkit::terminal::Terminal;

use crate::support::{Bmc, PASSWORD, example, lantern};

const PATIENCE: Duration = Duration::from_secs(60);
/// Characters of a line, its end included.
const LINE: usize = 64;
/// Most that is on its way at a time, so that a program that has stopped reading blocks nobody.
const AHEAD: usize = 1024;
/// Who takes longer is not waited for.
const LIMIT: Duration = Duration::from_secs(120);
/// So long nothing has come: it is lost.
const STALLED: Duration = Duration::from_secs(8);

/// An address that nobody else has, at a port that ipmiconsole takes; and ipmitool wants the BMC's port.
fn address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [high, low] = u16::try_from(std::process::id() & 0xffff).unwrap().to_be_bytes();
    let last = NEXT.fetch_add(1, Ordering::Relaxed);
    ([127, (high | 0x80) & 0xfd, low, last], 6231).into()
}

fn wired(script: &str) -> Bmc {
    let config = example().replace("127.0.0.1:0", &address().to_string()).replace(
        "sim = true",
        &format!("command = ['/bin/sh', '-c', {script:?}]\nhistory = 524288"),
    );
    Bmc::with(&config, &[])
}

fn lossy(loss: f64) -> Line {
    Line { loss, delay: Duration::from_millis(1), ..Line::PERFECT }
}

/// A line that loses so much from the moment on at which it is told to.
struct Relay {
    tap: Tap,
    is_bad: Arc<AtomicBool>,
}

impl Relay {
    fn to(bmc: &Bmc, loss: f64, seed: u64) -> Self {
        let is_bad = Arc::new(AtomicBool::new(false));
        let (good, bad) = (lossy(0.0), lossy(loss));
        let (mut good, mut bad) = (good.hook(seed), bad.hook(seed));
        let told = Arc::clone(&is_bad);
        let hook = move |direction, bytes: &[u8]| match told.load(Ordering::Relaxed) {
            true => bad(direction, bytes),
            false => good(direction, bytes),
        };
        Self { tap: Tap::with_hook_at(address(), bmc.address, hook), is_bad }
    }

    fn goes_bad(&self) {
        self.is_bad.store(true, Ordering::Relaxed);
    }

    const fn addr(&self) -> SocketAddr {
        self.tap.addr()
    }
}

fn ours(at: SocketAddr) -> Command {
    let mut command = lantern();
    command.args(["-H", &at.to_string(), "-U", "admin", "sol", "activate"]);
    command.env("LANTERN_PASSWORD", PASSWORD);
    command
}

/// Numbered lines, none of which begins with an escape.
fn text(size: usize) -> String {
    let filler = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..size / LINE).map(|n| format!("{n:05} {}\n", &filler[..LINE - 7])).collect()
}

/// What a pipe through the console and back gives, and how long that takes.
fn piped(at: SocketAddr, input: &str) -> (String, Duration) {
    use std::io::Write;
    let mut command = ours(at);
    command.args(["--linger", "10"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let took = begun.elapsed();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), took)
}

#[test]
fn what_is_piped_over_a_bad_line_arrives_whole() {
    let bmc = wired("stty raw -echo; exec cat");
    let tap = Relay::to(&bmc, 0.1, 7);
    tap.goes_bad();
    let input = text(8 * 1024);
    let (output, _) = piped(tap.addr(), &input);
    assert!(output == input, "{} of {}:\n{output}", output.len(), input.len());
}

/// What became of what was typed.
struct Typed {
    took: Duration,
    /// It was not waited for any longer.
    is_late: bool,
    lost: usize,
    doubled: usize,
    is_whole: bool,
}

/// Types all of it, and reads what comes back, as fast as that comes.
fn typed(line: &Relay, command: Command, ready: &str, leave: &str, input: &str) -> Typed {
    let mut terminal = Terminal::start(command);
    terminal.wait_for(ready, PATIENCE);
    // ipmitool says so before its terminal is raw.
    std::thread::sleep(Duration::from_millis(300));
    line.goes_bad();
    let start = terminal.transcript().len();
    let begun = Instant::now();
    let (mut sent, mut seen, mut last) = (0, 0, Instant::now());
    let mut forgiven = 0;
    while seen < input.len() && last.elapsed() < STALLED && begun.elapsed() < LIMIT {
        let now = terminal.transcript().len() - start;
        if now != seen {
            (seen, last) = (now, Instant::now());
        }
        // What is lost does not count as being on its way for ever.
        if last.elapsed() > STALLED / 4 && sent < input.len() {
            forgiven = sent.saturating_sub(seen);
        }
        if sent < input.len() && sent < seen + forgiven + AHEAD && forgiven < 3 * AHEAD {
            let end = (sent + LINE).min(input.len());
            terminal.send(&input[sent..end]);
            sent = end;
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let took = last.duration_since(begun);
    let is_late = begun.elapsed() >= LIMIT;
    let transcript = terminal.transcript();
    terminal.send(leave);
    let output = &transcript[start..];
    let count = |line: &str| output.matches(line).count();
    let lines: Vec<_> = input.lines().map(count).collect();
    Typed {
        took,
        is_late,
        lost: lines.iter().filter(|count| **count == 0).count(),
        doubled: lines.iter().filter(|count| **count > 1).count(),
        is_whole: output.contains(input),
    }
}

#[test]
#[ignore = "minutes; `cargo xtask bench consoles` runs it"]
fn consoles_over_bad_lines_beside_the_peers() {
    let bmc = wired("stty raw -echo; exec cat");
    let input = text(64 * 1024);
    let lines = input.len() / LINE;
    let mut table = String::from(
        "| client | loss each way | took, s | whole | lines missing | lines doubled |\n\
         |---|---:|---:|---|---:|---:|\n",
    );
    for (loss, seed) in [(0.1, 1), (0.2, 2)] {
        let tap = || Relay::to(&bmc, loss, seed);
        let percent = loss * 100.0;
        let line = tap();
        line.goes_bad();
        let (output, took) = piped(line.addr(), &input);
        assert!(output == input, "{} of {}", output.len(), input.len());
        let took = took.as_secs_f64() - 10.0;
        println!("lantern, pipe: {percent} %, {took:.1} s");
        let _ = writeln!(table, "| lantern, pipe | {percent} % | {took:.1} | yes | 0 | 0 |");
        let mut row = |name: &str, typed: &Typed| {
            let whole = match (typed.is_whole, typed.is_late) {
                (true, _) => "yes",
                (false, true) => "no: out of time",
                (false, false) => "no",
            };
            println!("{name}: {percent} %, {:.1?}, {whole}, {} missing", typed.took, typed.lost);
            let _ = writeln!(
                table,
                "| {name} | {percent} % | {:.1} | {whole} | {} of {lines} | {} |",
                typed.took.as_secs_f64(),
                typed.lost,
                typed.doubled
            );
        };
        let line = tap();
        let seen = typed(&line, ours(line.addr()), "~? for help]\r\n", "\r~.", &input);
        assert!(seen.is_whole, "{} lost, {} doubled", seen.lost, seen.doubled);
        row("lantern, terminal", &seen);
        let line = tap();
        let Some(tool) = Ipmitool::new(line.addr(), "admin", PASSWORD) else { return };
        let tool = tool.suite(17);
        let ready = "[SOL Session operational.  Use ~? for help]\r\n";
        row("ipmitool", &typed(&line, tool.command("sol activate"), ready, "\r~.", &input));
        drop(line);
        let _ = bmc.run(&["sol", "deactivate"]);
        let line = tap();
        let Some(tool) = FreeIpmi::new(line.addr(), "admin", PASSWORD) else { return };
        let tool = tool.suite(17);
        let command = tool.command("ipmiconsole", "");
        row("ipmiconsole", &typed(&line, command, "[SOL established]\r\n", "&.", &input));
        drop(line);
        let _ = bmc.run(&["sol", "deactivate"]);
    }
    println!("<!-- table -->\n{table}<!-- table -->");
}

#[test]
#[ignore = "measures; `cargo xtask bench consoles` runs it"]
fn what_a_round_trip_carries() {
    const SIZE: usize = 256 * 1024;
    let half = Duration::from_micros(500);
    let mut table = String::from(
        "| | kbit/s | of 255 bytes a round trip | characters a packet |\n\
         |---|---:|---:|---:|\n",
    );
    let round_trip = round_trip(Line { delay: half, ..Line::PERFECT });
    let mut row = |name: &str, took: Duration, packets: usize| {
        #[allow(clippy::cast_precision_loss, reason = "a measurement")]
        let (size, packets) = (SIZE as f64, packets as f64);
        let rate = size * 8.0 / took.as_secs_f64() / 1000.0;
        let share = rate * round_trip.as_secs_f64() * 1000.0 / (255.0 * 8.0) * 100.0;
        let _ = writeln!(table, "| {name} | {rate:.0} | {share:.0} % | {:.0} |", size / packets);
    };
    let scripts = [
        (
            "to the console",
            format!(
                "stty raw -echo; read go; head -c {SIZE} /dev/zero | tr '\\0' x; printf END; exec cat"
            ),
        ),
        (
            "to the machine",
            format!("stty raw -echo; head -c {SIZE} >/dev/null; printf END; exec cat"),
        ),
    ];
    for (name, script) in scripts {
        let bmc = wired(&script);
        let line = Line { delay: half, ..Line::PERFECT };
        let tap = Tap::with_hook_at(address(), bmc.address, line.hook(1));
        let is_down = name == "to the console";
        let input = if is_down { "go\n".to_owned() } else { "x".repeat(SIZE) };
        let mut command = ours(tap.addr());
        command.args(["--linger", "600"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        // It is up when it waits for something to type.
        std::thread::sleep(Duration::from_secs(1));
        let before = tap.count(Direction::ToConsole).max(tap.count(Direction::ToBmc));
        let begun = Instant::now();
        let writer = std::thread::spawn(move || {
            std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
            stdin
        });
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !seen.ends_with(b"END") {
            let count = std::io::Read::read(&mut stdout, &mut buffer).unwrap();
            assert!(count > 0);
            seen.extend_from_slice(&buffer[..count]);
        }
        let took = begun.elapsed();
        let packets = tap.count(Direction::ToConsole).max(tap.count(Direction::ToBmc)) - before;
        drop(writer.join().unwrap());
        assert_eq!(seen.len(), if is_down { SIZE + 3 } else { 3 });
        row(name, took, packets);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let _ = writeln!(table, "\nA bare datagram's round trip on that line: {round_trip:.2?}.");
    println!("<!-- table -->\n{table}<!-- table -->");
}

/// How long a datagram of that size is on its way there and back on this line.
fn round_trip(line: Line) -> Duration {
    const TIMES: u32 = 500;
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tap = Tap::over(far.local_addr().unwrap(), line, 1);
    let near = UdpSocket::bind("127.0.0.1:0").unwrap();
    near.connect(tap.addr()).unwrap();
    let echo = std::thread::spawn(move || {
        let mut buffer = [0; 512];
        for _ in 0..TIMES {
            let (count, from) = far.recv_from(&mut buffer).unwrap();
            far.send_to(&buffer[..count], from).unwrap();
        }
    });
    let begun = Instant::now();
    let mut buffer = [0; 512];
    for _ in 0..TIMES {
        near.send(&[0; 300]).unwrap();
        near.recv(&mut buffer).unwrap();
    }
    echo.join().unwrap();
    begun.elapsed() / TIMES
}
