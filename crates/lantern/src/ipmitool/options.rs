//! What stands around the words. A table of its own, because ipmitool's options are those of C's `getopt`:
//! letters in bundles, values that may hang on them, and options behind the words as well.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

use ipmi_wire::Privilege;
use ipmi_wire::session::AuthType;
use zeroize::Zeroizing;

use super::VERSION;
use super::number::number;
use super::tool::{Ended, Failed};
use super::word;

/// All that can be said around the words.
#[derive(Default)]
pub(super) struct Options {
    /// `-I`
    pub(super) interface: Option<String>,
    /// `-H`
    pub(super) host: Option<String>,
    /// `-p`; 0 is 623.
    pub(super) port: u16,
    /// `-U`; none is the null user.
    pub(super) user: Vec<u8>,
    /// `-P`, `-f`, `-E`, `-a`: the last one that said something.
    pub(super) password: Option<Zeroizing<Vec<u8>>>,
    /// `-k`, `-y`, `-K`, `-Y`
    pub(super) kg: Option<Zeroizing<Vec<u8>>>,
    /// `-C`
    pub(super) suite: Option<u8>,
    /// `-L`: administrator, if nothing is said.
    pub(super) privilege: Option<Privilege>,
    /// `-L` and `-A` said what nobody can grant: there will be no session.
    pub(super) privilege_wrong: bool,
    pub(super) auth_type_wrong: Option<&'static str>,
    /// `-L LEVEL+`: users are looked up by name and privilege.
    pub(super) lookup_by_privilege: bool,
    /// `-A`
    pub(super) auth_type: Option<AuthType>,
    /// `-v`, so many.
    pub(super) verbose: u8,
    /// `-c`
    pub(super) csv: bool,
    /// `-R`: how often something is sent in all; 0 is four times.
    pub(super) tries: u32,
    /// `-N`: seconds until it is sent again, one more each time; 0 is one.
    pub(super) seconds: u32,
    /// `-t`, `-b`, `-T`, `-B`, `-m`: a controller behind the BMC.
    pub(super) target_address: u8,
    pub(super) target_channel: u8,
    pub(super) transit_address: u8,
    pub(super) transit_channel: u8,
    pub(super) local_address: u8,
    /// `-l`, for `raw`.
    pub(super) target_lun: u8,
    /// `-S`: sensor data records in a file.
    pub(super) sdr_file: Option<String>,
    /// `-O`: descriptions of OEM events in a file.
    pub(super) sel_file: Option<String>,
    /// `-o`, `-g`, `-s`
    pub(super) oem: Option<String>,
    /// `-4`, `-6`
    pub(super) family: Option<Family>,
    /// `-Z`: times are UTC.
    pub(super) utc: bool,
    /// `-d`: which `/dev/ipmi`.
    pub(super) device: u32,
    /// `-e`
    pub(super) escape: Option<u8>,
    /// `-z`
    pub(super) large_buffer: u16,
    /// The command.
    pub(super) words: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// What became of the arguments.
pub(super) enum Parsed {
    Options(Box<Options>),
    /// Everything is said already.
    Ended(Ended),
}

/// Letters, with a colon behind those that have a value.
const LETTERS: &str = "I:46hVvcgsEKYao:H:d:P:f:U:p:C:L:A:t:T:m:z:S:l:b:B:e:k:y:O:R:N:D:Z";

/// Why the rest is not read.
enum Stop {
    Ended(Ended),
    Usage,
    Wrong(String),
}

impl Options {
    pub(super) fn parse(arguments: &[OsString]) -> Parsed {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let bytes = argument.as_bytes();
            if bytes == b"--" {
                options.words.extend(rest.map(|word| word::of(word.as_bytes())));
                break;
            }
            let Some(mut letters) = bytes.strip_prefix(b"-").filter(|letters| !letters.is_empty())
            else {
                options.words.push(word::of(bytes));
                continue;
            };
            while let Some((letter, behind)) = letters.split_first() {
                letters = behind;
                let stop = match kind(*letter) {
                    Some(Kind::Flag) => options.flag(*letter),
                    Some(Kind::Valued) => {
                        let value = match behind.is_empty() {
                            true => rest.next().map(|value| value.as_bytes()),
                            false => Some(std::mem::take(&mut letters)),
                        };
                        match value {
                            Some(value) => options.valued(*letter, value),
                            None => {
                                let letter = char::from(*letter);
                                eprintln!("ipmitool: option requires an argument -- '{letter}'");
                                Err(Stop::Usage)
                            }
                        }
                    }
                    None => {
                        eprintln!("ipmitool: invalid option -- '{}'", char::from(*letter));
                        Err(Stop::Usage)
                    }
                };
                match stop {
                    Ok(()) => {}
                    Err(Stop::Ended(ended)) => return Parsed::Ended(ended),
                    Err(Stop::Usage) => {
                        usage();
                        return Parsed::Ended(Err(Failed));
                    }
                    Err(Stop::Wrong(line)) => {
                        eprintln!("{line}");
                        return Parsed::Ended(Err(Failed));
                    }
                }
            }
        }
        Parsed::Options(Box::new(options))
    }

    fn flag(&mut self, letter: u8) -> Result<(), Stop> {
        match letter {
            b'h' => {
                usage();
                return Err(Stop::Ended(Ok(())));
            }
            b'V' => {
                println!("ipmitool version {VERSION}");
                return Err(Stop::Ended(Ok(())));
            }
            b'v' => self.verbose = self.verbose.saturating_add(1),
            b'c' => self.csv = true,
            b'Z' => self.utc = true,
            b'g' => self.oem = Some("intelwv2".to_owned()),
            b's' => self.oem = Some("supermicro".to_owned()),
            b'4' => self.set_family(Family::V4)?,
            b'6' => self.set_family(Family::V6)?,
            b'E' => {
                let variables = ["IPMITOOL_PASSWORD", "IPMI_PASSWORD"];
                match variables.into_iter().find_map(std::env::var_os) {
                    Some(password) => {
                        self.password = Some(Zeroizing::new(password.as_bytes().to_vec()));
                    }
                    None => eprintln!("Unable to read password from environment"),
                }
            }
            b'K' => match std::env::var_os("IPMI_KGKEY") {
                Some(key) => self.kg = Some(key_of(key.as_bytes())),
                None => eprintln!("Unable to read kgkey from environment"),
            },
            b'a' => self.password = prompt("Password: "),
            b'Y' => self.kg = prompt("Key: ").map(|key| key_of(&key)),
            _ => {}
        }
        Ok(())
    }

    fn valued(&mut self, letter: u8, value: &[u8]) -> Result<(), Stop> {
        let text = word::of(value);
        let out_of_range = || {
            let letter = char::from(letter);
            Stop::Wrong(format!("Invalid parameter given or out of range for '-{letter}'."))
        };
        let byte = || number::<u8>(&text).ok_or_else(out_of_range);
        match letter {
            b'I' => self.interface = Some(text),
            b'H' => self.host = Some(text),
            b'S' => self.sdr_file = Some(text),
            b'O' => self.sel_file = Some(text),
            b'o' if matches!(text.as_str(), "list" | "help") => {
                super::session::oem_types();
                return Err(Stop::Ended(Ok(())));
            }
            b'o' => self.oem = Some(text),
            b'U' if value.len() > 16 => {
                return Err(Stop::Wrong("Username is too long (> 16 bytes)".to_owned()));
            }
            b'U' => self.user = value.to_vec(),
            b'P' => self.password = Some(Zeroizing::new(value.to_vec())),
            b'f' => match password_file(&text) {
                Ok(password) => self.password = Some(password),
                Err(line) => {
                    eprintln!("{line}");
                    eprintln!("Unable to read password from file {text}");
                    self.password = None;
                }
            },
            b'k' => self.kg = Some(key_of(value)),
            b'y' => self.kg = Some(hexadecimal(value)?),
            b'C' => {
                let suite = number::<u8>(&text).ok_or_else(|| {
                    let what = "Invalid parameter given or out of range [0-255] for '-C'.";
                    Stop::Wrong(what.to_owned())
                })?;
                // 255 stands for none.
                self.suite = (suite != 255).then_some(suite);
            }
            b'L' => {
                let (name, plus) = match text.strip_suffix('+') {
                    Some(name) => (name, true),
                    None => (text.as_str(), false),
                };
                self.lookup_by_privilege |= plus;
                self.privilege = privilege(name);
                self.privilege_wrong = self.privilege.is_none();
                if privilege_name(name).is_none() {
                    eprintln!("Invalid privilege level {name}");
                }
            }
            b'A' => {
                self.auth_type = auth_type(&text);
                self.auth_type_wrong = match self.auth_type {
                    Some(_) => None,
                    None => Some(auth_type_name(&text).unwrap_or("Unknown (0xFF)")),
                };
            }
            b'p' => {
                let port = number::<i32>(&text).ok_or_else(out_of_range)?;
                self.port = u16::try_from(port)
                    .map_err(|_| Stop::Wrong(format!("Port number {port} is out of range.")))?;
            }
            b'd' => {
                let device = number::<i32>(&text).ok_or_else(out_of_range)?;
                self.device = u32::try_from(device)
                    .map_err(|_| Stop::Wrong(format!("Device number {device} is out of range.")))?;
            }
            b'R' => self.tries = number::<u32>(&text).ok_or_else(out_of_range)?,
            b'N' => self.seconds = number::<u32>(&text).ok_or_else(out_of_range)?,
            b't' => self.target_address = byte()?,
            b'b' => self.target_channel = byte()?,
            b'T' => self.transit_address = byte()?,
            b'B' => self.transit_channel = byte()?,
            b'm' => self.local_address = byte()?,
            b'z' => self.large_buffer = number::<u16>(&text).ok_or_else(out_of_range)?,
            b'l' => match number::<u8>(&text) {
                Some(lun) => self.target_lun = lun,
                // The original calls this a success (`research/ipmitool.md` §2).
                None => {
                    eprintln!("Invalid parameter given or out of range for '-l'.");
                    return Err(Stop::Ended(Ok(())));
                }
            },
            b'e' => self.escape = value.first().copied(),
            _ => {}
        }
        Ok(())
    }

    fn set_family(&mut self, family: Family) -> Result<(), Stop> {
        let digit = |family| if family == Family::V4 { '4' } else { '6' };
        match self.family.replace(family) {
            None => Ok(()),
            Some(before) if before == family => {
                Err(Stop::Wrong(format!("Multiple -{} parameters given.", digit(family))))
            }
            Some(before) => {
                let other = digit(before);
                Err(Stop::Wrong(format!("Parameter is mutually exclusive with -{other}.")))
            }
        }
    }
}

enum Kind {
    Flag,
    Valued,
}

fn kind(letter: u8) -> Option<Kind> {
    let place = LETTERS.bytes().position(|known| known == letter && letter != b':')?;
    Some(match LETTERS.as_bytes().get(place.saturating_add(1)) {
        Some(b':') => Kind::Valued,
        _ => Kind::Flag,
    })
}

/// A key is 20 bytes at most; more are cut off, as in the original.
fn key_of(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.get(..20).unwrap_or(bytes).to_vec())
}

fn hexadecimal(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let wrong = |line: &str| Err(Stop::Wrong(line.to_owned()));
    if !text.len().is_multiple_of(2) {
        return wrong("Number of Kg key characters is not even");
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.chunks(2).map(byte).collect();
    match bytes {
        None => wrong("Kg key is not hexadecimal number"),
        Some(bytes) if bytes.len() > 20 => wrong("Kg key is too long"),
        Some(bytes) => Ok(Zeroizing::new(bytes)),
    }
}

/// The first line of a file, 20 bytes of it at most: there is no longer password, and what is cut off by whoever
/// stores one is cut off here as well. No more than that is read: a pipe need not end, and a device never does.
/// Ironic writes a NUL for an empty password.
fn password_file(path: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let unreadable = |_: io::Error| format!("Unable to read password from file {path}");
    let mut file =
        File::open(word::path(path)).map_err(|_| format!("Unable to open password file {path}"))?;
    let mut line = Zeroizing::new([0; 20]);
    let mut length = 0;
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'\t' | 0);
    while let Some(rest) = line.get_mut(length..).filter(|rest| !rest.is_empty()) {
        let read = match file.read(rest) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(unreadable)?,
        };
        if read == 0 && length == 0 {
            return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
        }
        let ends = read == 0 || rest.iter().take(read).any(is_end);
        length = length.saturating_add(read);
        if ends {
            break;
        }
    }
    let length = line.iter().take(length).take_while(|byte| !is_end(byte)).count();
    Ok(Zeroizing::new(line.get(..length).unwrap_or_default().to_vec()))
}

/// Asks the terminal; without one, standard input, as C's `getpass` does.
pub(super) fn prompt(what: &str) -> Option<Zeroizing<Vec<u8>>> {
    if let Ok(text) = rpassword::prompt_password(what) {
        return Some(Zeroizing::new(text.into_bytes()));
    }
    eprint!("{what}");
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line).ok()?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Some(Zeroizing::new(text.as_bytes().to_vec()))
}

/// The password that has to be asked for.
pub(super) fn ask_password() -> Option<Zeroizing<Vec<u8>>> {
    prompt("Password: ")
}

pub(super) fn privilege(name: &str) -> Option<Privilege> {
    Some(match name.to_ascii_uppercase().as_str() {
        "CALLBACK" => Privilege::Callback,
        "USER" => Privilege::User,
        "OPERATOR" => Privilege::Operator,
        "ADMINISTRATOR" => Privilege::Administrator,
        _ => return None,
    })
}

/// What a level is called, if it is one.
pub(super) fn privilege_name(name: &str) -> Option<&'static str> {
    let names = ["CALLBACK", "USER", "OPERATOR", "ADMINISTRATOR", "OEM", "NO ACCESS"];
    names.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// What an authentication type is called, if it is one.
pub(super) fn auth_type_name(name: &str) -> Option<&'static str> {
    let names = ["NONE", "MD2", "MD5", "PASSWORD", "OEM", "RMCP+"];
    names.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

pub(super) fn auth_type(name: &str) -> Option<AuthType> {
    Some(match name.to_ascii_uppercase().as_str() {
        "NONE" => AuthType::None,
        "MD2" => AuthType::Md2,
        "MD5" => AuthType::Md5,
        "PASSWORD" => AuthType::Password,
        _ => return None,
    })
}

fn usage() {
    eprintln!("ipmitool version {VERSION}\n");
    eprintln!("usage: ipmitool [options...] <command>\n");
    for line in [
        "-h  this help                         -V  the version",
        "-v  say more (up to -vvvvv)           -c  comma separated values",
        "-I  interface: lan, lanplus, open     -H  the BMC's name or address",
        "-p  UDP port [623]                    -4, -6  IPv4 or IPv6 only",
        "-U  user                              -P  password (everybody can see it: better -f or -E)",
        "-f  file with the password            -E  password from IPMITOOL_PASSWORD or IPMI_PASSWORD",
        "-a  ask for the password              -L  privilege [ADMINISTRATOR]; LEVEL+ looks up by both",
        "-C  cipher suite [17, then 3]         -A  NONE, PASSWORD, MD2, MD5, for -I lan",
        "-k  K_g   -y  K_g in hexadecimal      -K  K_g from IPMI_KGKEY   -Y  ask for K_g",
        "-t  a controller behind the BMC       -b  its channel",
        "-T  a controller in between           -B  its channel",
        "-m  local IPMB address                -l  LUN for raw commands",
        "-N  seconds until a repetition        -R  how often something is sent in all",
        "-S  sensor data records from a file   -O  descriptions of OEM events from a file",
        "-o  OEM type, or 'list'               -d  N of /dev/ipmiN",
        "-e  escape character of sol           -z  size of large messages",
        "-Z  times in UTC",
    ] {
        eprintln!("       {line}");
    }
    eprintln!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Box<Options> {
        let arguments: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        match Options::parse(&arguments) {
            Parsed::Options(options) => options,
            Parsed::Ended(ended) => panic!("{line}: {ended:?}"),
        }
    }

    fn ended(line: &str) -> Ended {
        let arguments: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        match Options::parse(&arguments) {
            Parsed::Options(options) => panic!("{line}: {:?}", options.words),
            Parsed::Ended(ended) => ended,
        }
    }

    #[test]
    fn options_may_stand_anywhere_and_in_bundles() {
        let parsed = options("-Ilanplus -H a power status -vvc -U admin -Ppass");
        assert_eq!(parsed.words, ["power", "status"]);
        assert_eq!(parsed.interface.as_deref(), Some("lanplus"));
        assert_eq!((parsed.verbose, parsed.csv), (2, true));
        assert_eq!(
            (parsed.user.as_slice(), parsed.password.unwrap().as_slice()),
            (&b"admin"[..], &b"pass"[..])
        );
        let parsed = options("raw 6 1 -- -v -1");
        assert_eq!(parsed.words, ["raw", "6", "1", "-v", "-1"]);
        assert_eq!(options("-p 0 -N 0 -R 0 mc info").port, 0);
    }

    #[test]
    fn ironics_questions_are_answered_well() {
        for line in
            ["-N 0 -R 0 -h", "-m 0 -b 0 -t 0 -h", "-m 0 -b 0 -t 0 -B 0 -T 0 -h", "-V", "-l 999"]
        {
            assert_eq!(ended(line), Ok(()), "{line}");
        }
        for line in [
            "-p 65536",
            "-p x",
            "-U 12345678901234567",
            "-C 256",
            "-y 123",
            "-y xx",
            "-q",
            "-H",
            "-4 -6",
            "-R -1",
        ] {
            assert_eq!(ended(line), Err(Failed), "{line}");
        }
    }
}
