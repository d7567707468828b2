//! Workarounds by their names. All that FreeIPMI's `-W` takes is understood (`research/freeipmi.md` §4),
//! so that a line that worked there works here; most need not be said.

use ipmi_session::Quirk;
use ipmi_session::quirk::Handling;

/// A departure from the specification that a BMC is known for, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workaround {
    /// Go by the specification; what was learned before does not count.
    None,
    /// This one, in sessions.
    Quirk(Quirk),
    /// This one, beyond sessions.
    Habit(Habit),
    /// One that is dealt with wherever it shows, whether it is named or not.
    Unneeded(&'static str),
}

/// What a BMC is known for beyond its sessions, and what cannot be found out from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Its sensors say that scanning is disabled, next to good readings.
    IgnoreScanningDisabled,
    /// Its records say of its own sensors that they belong to another controller.
    AssumeBmcOwner,
    /// It loses what is set within a second of the last setting. This is found out, too, but a little
    /// later.
    SlowCommit,
}

impl Habit {
    const ALL: [Self; 3] = [Self::IgnoreScanningDisabled, Self::AssumeBmcOwner, Self::SlowCommit];

    const fn name(self) -> &'static str {
        match self {
            Self::IgnoreScanningDisabled => "ignorescanningdisabled",
            Self::AssumeBmcOwner => "assumebmcowner",
            Self::SlowCommit => "slowcommit",
        }
    }
}

/// Names of FreeIPMI's that need not be said here: for records, inventories and events that are not
/// as they should be, for the watchdog, for serial over LAN, and for ways of reaching a BMC.
const UNNEEDED: [&str; 15] = [
    "assumemaxsdrrecordcount",
    "skipchecks",
    "assumesystemevent",
    "discretereading",
    "ignorestateflag",
    "malformedack",
    "guidformat",
    "ipmiping",
    "spinpoll",
    "solpayloadsize",
    "solport",
    "solstatus",
    "solchannelsupport",
    "solpacketseq",
    "serialalertsdeferred",
];

/// Names of FreeIPMI's that are not taken, and why.
const REFUSED: [(&str, &str); 3] = [
    (
        "ignoreauthcode",
        "refused, because it weakens security: anybody could answer in the BMC's name while sensors \
         are read",
    ),
    (
        "solchannelassumelanchannel",
        "not needed: which channel is asked for its serial-over-LAN settings is said with the command",
    ),
    ("assumeio", "not needed: the kernel's driver knows where the BMC's registers are"),
];

impl Workaround {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quirk(quirk) => quirk.name(),
            Self::Habit(habit) => habit.name(),
            Self::Unneeded(name) => name,
        }
    }
}

/// A workaround by its name, in capitals or not.
///
/// # Errors
/// If there is no such workaround, or if it weakens security.
pub fn workaround(text: &str) -> Result<Workaround, String> {
    let is = |name: &str| name.eq_ignore_ascii_case(text);
    if is("none") {
        return Ok(Workaround::None);
    }
    if let Some(quirk) = Quirk::from_name(text) {
        return match is_refused(quirk) {
            true => Err(format!(
                "refused, because it weakens security: {}",
                quirk.facts().weakens.unwrap_or("anybody could answer in the BMC's name")
            )),
            false => Ok(Workaround::Quirk(quirk)),
        };
    }
    // FreeIPMI's two grades of the same.
    if is("veryslowcommit") {
        return Ok(Workaround::Habit(Habit::SlowCommit));
    }
    if let Some(habit) = Habit::ALL.into_iter().find(|habit| is(habit.name())) {
        return Ok(Workaround::Habit(habit));
    }
    if let Some(name) = UNNEEDED.into_iter().find(|name| is(name)) {
        return Ok(Workaround::Unneeded(name));
    }
    if let Some((_, why)) = REFUSED.into_iter().find(|(name, _)| is(name)) {
        return Err(why.to_owned());
    }
    let meant = most_like(text).map_or_else(String::new, |name| format!("is '{name}' meant? "));
    let names: Vec<_> = accepted().collect();
    Err(format!("no such workaround: {meant}known are {}; or 'none'", names.join(", ")))
}

/// Names that change something, then those that need not be said.
fn accepted() -> impl Iterator<Item = &'static str> {
    let quirks = Quirk::ALL.into_iter().filter(|quirk| !is_refused(*quirk)).map(Quirk::name);
    quirks.chain(Habit::ALL.into_iter().map(Habit::name)).chain(UNNEEDED)
}

fn is_refused(quirk: Quirk) -> bool {
    quirk.facts().handling == Handling::Refused
}

/// The name that is most like this one, if one is like it at all.
fn most_like(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let (distance, name) = accepted()
        .map(|name| (strsim::levenshtein(&text, name), name))
        .min_by_key(|(distance, _)| *distance)?;
    // A third of it may be wrong.
    (distance <= name.len() / 3).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workarounds_have_freeipmis_names() {
        assert_eq!(workaround("none"), Ok(Workaround::None));
        assert_eq!(workaround("opensesspriv"), Ok(Workaround::Quirk(Quirk::OpenSessPriv)));
        let refused = workaround("noauthcodecheck").unwrap_err();
        assert!(refused.contains("it weakens security: whoever"), "{refused}");
        let unknown = workaround("opensespriv").unwrap_err();
        assert!(unknown.contains("is 'opensesspriv' meant?") && unknown.contains("idzero"));
        assert!(!unknown.contains("noauthcodecheck"), "{unknown}");
        let unknown = workaround("solpaylodsize").unwrap_err();
        assert!(unknown.contains("is 'solpayloadsize' meant?"), "{unknown}");
        // Not "there are none".
        assert!(workaround("").unwrap_err().ends_with("; or 'none'"));
    }

    /// All of FreeIPMI 1.6.10's, from the tables of its manual pages.
    #[test]
    fn every_name_of_freeipmi_is_taken_or_refused_with_a_reason() {
        let names = "idzero unexpectedauth forcepermsg endianseq noauthcodecheck authcap \
            nochecksumcheck intel20 supermicro20 sun20 opensesspriv integritycheckvalue assumeio \
            spinpoll assumemaxsdrrecordcount solpayloadsize solport solstatus solchannelsupport \
            serialalertsdeferred solpacketseq skipchecks assumesystemevent discretereading \
            ignorescanningdisabled assumebmcowner ignoreauthcode slowcommit veryslowcommit \
            solchannelassumelanchannel ignorestateflag malformedack guidformat ipmiping";
        let names: Vec<_> = names.split_whitespace().collect();
        assert_eq!(names.len(), 34);
        for name in names {
            match workaround(name) {
                Ok(found) => {
                    let same = found.name() == name || name == "veryslowcommit";
                    assert!(same, "{name} is {found:?}");
                }
                Err(why) => assert!(!why.contains("no such"), "{name}: {why}"),
            }
        }
    }
}
