//! What help says beyond single options.

pub(super) const AFTER_HELP: &str = "\
Try 'lantern demo' first: it needs nothing and shows everything.

Passwords, in this order: one of -P, --password-file, --password-fd and --password-command;
LANTERN_PASSWORD, IPMI_PASSWORD; the host's credential in lantern.toml; a prompt.
LANTERN_USER is the user where -U is missing, LANTERN_KG the K_g where --kg-file is; then it is
lantern.toml's turn: see 'lantern config --help'.

Exit codes:
  0    success
  1    the BMC answered and refused, or the operation failed
  2    wrong usage or configuration
  3    no session: network, credentials, cipher suites
  4    outcome unknown: sent once, answer lost, and what was looked up proves nothing; look at
       the machine before repeating it
  5    --fail-on: a sensor is in that state, or worse
  6    of many BMCs, some are done and some failed (all failed alike: the code of one)
  7    somebody else has the console
  8    somebody else has taken the console
  130  interrupted; 143 ended by another signal";

pub(super) const NUMBERS: &str = "\
Numbers are decimal, or hexadecimal after 0x. Unlike with ipmitool, a leading 0 alone does not
make a number octal: 010 is ten.

The answer's bytes are printed in hexadecimal, 16 a line, without the completion code; a code
other than 00h is an error.

Examples:
  lantern -H rack1 raw 0x06 0x01             Get Device ID
  lantern -H rack1 raw 0x0a 0x43 0 0 0xff 0xff 0 0xff";

// Each example is parsed by a test. What follows two spaces is a remark.

pub(super) const POWER: &str = "\
Examples:
  lantern -H rack1 power status
  lantern -H rack1 power soft                ask the operating system
  lantern -H rack1 power cycle               sent once; if the answer is lost, what became of it
                                             is looked up";

pub(super) const CHASSIS: &str = "\
Examples:
  lantern -H rack1 chassis status
  lantern -H rack1 chassis identify 60       show where it is, for a minute
  lantern -H rack1 -o json chassis restart-cause";

pub(super) const MC: &str = "\
Examples:
  lantern -H rack1 mc info
  lantern -H rack1 -o json mc guid
  lantern -H rack1 -t 0x2c mc info           of a controller behind the BMC
  lantern -H rack1 mc reset cold             restart the controller; the machine runs on";

pub(super) const SENSOR: &str = "\
Examples:
  lantern -H rack1 sensor list --type temperature,fan
  lantern -H rack1 sensor list --state warning.. --fail-on critical
  lantern -H rack1 sensor get 'CPU1 Temp'
  lantern -H rack1 sensor set FAN1 --lower-critical 500";

pub(super) const SDR: &str = "\
Examples:
  lantern -H rack1 sdr list
  lantern -H rack1 sdr dump rack1.sdr        as ipmitool writes it
  lantern sdr list --from rack1.sdr          without a BMC
  lantern -H rack1 sdr info";

pub(super) const SEL: &str = "\
Examples:
  lantern -H rack1 sel list --last 20
  lantern -H rack1 sel list --since 2d --severity warning
  lantern -H rack1 sel follow                until Ctrl-C
  lantern -H rack1 sel clear --save rack1.sel";

pub(super) const FRU: &str = "\
Examples:
  lantern -H rack1 fru print
  lantern -H rack1 -o csv fru list
  lantern -H rack1 fru read 0 board.bin
  lantern fru decode board.bin               without a BMC
  lantern -H rack1 fru edit 0 product.asset 'A 1234'";

pub(super) const SESSION: &str = "\
Examples:
  lantern -H rack1 session info              suite, privilege, what the BMC departs from
  lantern -H rack1 session list --names      who is logged in
  lantern -H rack1 session close 3           end one, by its handle";

pub(super) const USER: &str = "\
Examples:
  lantern -H rack1 user list
  lantern -H rack1 user add monitor --limit user
  lantern -H rack1 user set monitor --new-password-file FILE
  lantern -H rack1 user remove 5";

pub(super) const LAN: &str = "\
Examples:
  lantern -H rack1 lan show
  lantern -H rack1 lan set --address 192.0.2.7 --netmask 255.255.255.0 --gateway 192.0.2.1 --dry-run
  lantern -H rack1 lan set --vlan 42
  lantern -H rack1 lan stats";

pub(super) const EVENT: &str = "\
Examples:
  lantern -H rack1 event list FAN1           what can be sent of a sensor
  lantern -H rack1 event send --sample 1";

pub(super) const CHANNEL: &str = "\
Examples:
  lantern -H rack1 channel list
  lantern -H rack1 channel info
  lantern -H rack1 channel ciphers 1";

pub(super) const PEF: &str = "\
Examples:
  lantern -H rack1 pef status
  lantern -H rack1 pef filter list
  lantern -H rack1 pef filter disable 3      what is written is read back
  lantern -H rack1 -o json pef policy list   with the addresses that alerts go to";

pub(super) const DCMI: &str = "\
Examples:
  lantern -H rack1 dcmi power
  lantern -H rack1 dcmi limit set --watts 400 --action log
  lantern -H rack1 dcmi limit on
  lantern -H rack1 dcmi asset-tag --set 'A 1234'";

pub(super) const SOL: &str = "\
Examples:
  lantern -H rack1 sol activate              ~. ends, ~? shows what else there is
  lantern -H rack1 sol activate --steal --log rack1.console
  lantern -H rack1 sol watch                 read along
  lantern -H rack1 sol deactivate            end it, whoever has it
  lantern -H rack1 sol info
  lantern -H rack1 sol set enabled on privilege-level operator";

pub(super) const CONSOLE: &str = "\
Examples:
  lantern console run consoles.toml          be the server; docs/console.md has the file
  lantern console list
  lantern console rack1                      ~. ends, ~? shows what else there is
  lantern console rack1 --steal              take the pen from whoever writes";

pub(super) const FIREWALL: &str = "\
Examples:
  lantern -H rack1 firewall info
  lantern -H rack1 firewall info --command chassis-control
  lantern -H rack1 firewall disable --channel 15 --command cold-reset
  lantern -H rack1 firewall disable --command chassis-control --sub-function 3
  lantern -H rack1 firewall reset            enable everything on this channel";

pub(super) const EXPLAIN: &str = "\
Examples:
  lantern explain L0103
  lantern explain                            all codes";

pub(super) const VENDORS: &str = "\
'sel', 'sensor' and 'sdr' use these tables for the maker that the BMC says it is of. What no table has
stays a number and is called unknown.

Examples:
  lantern vendors
  lantern vendors dell
  lantern vendors 10876 -o json              Supermicro's, by its number";

pub(super) const CONFIG: &str = "\
Read in this order, a later one's values over an earlier one's: /etc/lantern/lantern.toml, the
user's ($XDG_CONFIG_HOME/lantern/lantern.toml, or in ~/.config), the project's (lantern.toml in this
directory or the nearest above), the one of --config or LANTERN_CONFIG. The command line stands over
the environment, and that over all files. A project's file, which nobody has vouched for, names
hosts of its own and no secrets. docs/config.md has every key.

Examples:
  lantern config path
  lantern config check                       all mistakes, each with its line
  lantern config show                        every value, and the line that it is from
  lantern -H rack1 config show               what holds for one host
  lantern --config none -H 192.0.2.7 config show
  lantern config learned                     which BMCs are slow, or want an older suite
  lantern -H rack1 config learned --forget   after new firmware, say";

pub(super) const IPMITOOL: &str = "\
It has to be the first word. All that follows is ipmitool's, options too: 'lantern ipmitool -h' and
'lantern ipmitool help' say which there are, docs/ipmitool-differences.md what is not the same.

Examples:
  lantern ipmitool -I lanplus -H rack1 -U admin -E chassis power status
  lantern ipmitool -I lanplus -H rack1 -U admin -f password sdr elist full";

pub(super) const BMC: &str = "\
Examples:
  lantern bmc run examples/bmc.toml
  lantern bmc run examples/bmc.toml --state /var/lib/bmc --control /run/bmc.sock
  lantern bmc run examples/bmc.toml --vm 127.0.0.1:9002     for a QEMU of yours: docs/system-interface.md
  lantern bmc ctl --socket /run/bmc.sock status
  lantern bmc nvram show --state /var/lib/bmc";

pub(super) const SIM: &str = "\
Examples:
  lantern sim --count 1000                   each at an address of its own
  lantern sim --count 10 --ports -p 7000     all at one address";

pub(super) const DEMO: &str = "\
Examples:
  lantern demo
  lantern demo --once                        end after the tour";

pub(super) const COMPLETIONS: &str = "\
For good, in ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  source <(lantern completions bash)
  source <(lantern completions zsh)
  lantern completions fish | source

Hosts and groups are those of lantern.toml; sensors those that were read from the BMC of -H before,
or from any, if it has to be looked up by name. Nothing is sent.

Examples:
  lantern completions bash
  lantern completions fish";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::cli::Cli;

    #[test]
    fn every_command_has_examples_and_all_of_them_can_be_typed() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| {
                panic!("{name}: --help has no examples: see crates/lantern/src/cli/help.rs")
            });
            let lines = examples.lines().filter_map(|line| line.strip_prefix("  lantern "));
            let mut count = 0;
            for line in lines {
                let line = line.split("   ").next().unwrap();
                let words = shlex::split(&format!("lantern {line}")).unwrap();
                assert!(words.iter().any(|word| word == name), "{name}: {line}");
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{line}: {error}");
                }
                count += 1;
            }
            assert!(count > 0, "{name}");
        }
    }
}
