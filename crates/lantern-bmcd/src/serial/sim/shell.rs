//! Who types gets an answer: a login that takes any name and any password, and a shell that knows
//! few words. Each character is echoed, as a terminal driver does it.

use std::time::Instant;

use super::{LONGEST_LINE, SimConsole, Stage, boot};

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL: u8 = 0x15;
const DELETE: u8 = 0x7f;

const HELP: &str = "\
help             this
uname [-a]       what runs here
dmesg            what the kernel has said
date             what time it is
uptime           for how long it runs
echo WORDS       the words
exit             another login
reboot           what to do instead
poweroff         likewise
";

impl SimConsole {
    /// One character from the console.
    pub(super) fn typed(&mut self, now: Instant, character: u8) {
        let echoes = !matches!(self.stage, Stage::Password(_));
        match character {
            b'\r' | b'\n' => {
                self.say(now, "\n");
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                self.entered(now, line.trim());
            }
            BACKSPACE | DELETE => {
                let count = usize::from(self.line.pop().is_some());
                self.erase(now, count);
            }
            KILL => {
                let count = std::mem::take(&mut self.line).len();
                self.erase(now, count);
            }
            INTERRUPT => {
                self.line.clear();
                self.say(now, "^C\n");
                match self.stage {
                    Stage::Shell(_) => self.prompt(now),
                    _ => self.ask_for_name(now),
                }
            }
            END if self.line.is_empty() && matches!(self.stage, Stage::Shell(_)) => {
                self.say(now, "logout\n\n");
                self.ask_for_name(now);
            }
            b' '..=b'~' if self.line.len() < LONGEST_LINE => {
                self.line.push(character);
                if echoes {
                    self.say(now, char::from(character).encode_utf8(&mut [0; 4]));
                }
            }
            _ => {}
        }
    }

    /// Takes characters back from the screen.
    fn erase(&mut self, now: Instant, count: usize) {
        if !matches!(self.stage, Stage::Password(_)) {
            self.say(now, &"\x08 \x08".repeat(count));
        }
    }

    fn entered(&mut self, now: Instant, line: &str) {
        match &self.stage {
            Stage::Starting(_) => {}
            Stage::Login if line.is_empty() => self.ask_for_name(now),
            Stage::Login => {
                self.stage = Stage::Password(line.into());
                self.say(now, "Password: ");
            }
            Stage::Password(user) => {
                self.stage = Stage::Shell(user.clone());
                self.say(now, "This machine is simulated; 'help' says what there is.\n");
                self.prompt(now);
            }
            Stage::Shell(_) => self.run(now, line),
        }
    }

    fn run(&mut self, now: Instant, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "help" => self.say(now, HELP),
            "uname" if rest.trim() == "-a" => {
                let uname = format!(
                    "Linux {} 6.12.0-lantern #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n",
                    self.host
                );
                self.say(now, &uname);
            }
            "uname" => self.say(now, "Linux\n"),
            "dmesg" => {
                for line in boot::kernel() {
                    self.say(now, line);
                    self.say(now, "\n");
                }
            }
            "date" => {
                let date = self.clock.now().strftime("%a %b %e %H:%M:%S UTC %Y\n").to_string();
                self.say(now, &date);
            }
            "uptime" => {
                let up = self.on_since.map_or(0, |on| now.saturating_duration_since(on).as_secs());
                self.say(now, &format!("up {up} s\n"));
            }
            "echo" => {
                self.say(now, rest);
                self.say(now, "\n");
            }
            "exit" | "logout" => {
                self.say(now, "logout\n\n");
                return self.ask_for_name(now);
            }
            "reboot" | "poweroff" => {
                let instead = if word == "reboot" { "reset" } else { "off" };
                let says = format!(
                    "{word}: this machine has no hand on its own power: 'lantern power {instead}'\n"
                );
                self.say(now, &says);
            }
            _ => self.say(now, &format!("{word}: command not found\n")),
        }
        self.prompt(now);
    }
}
