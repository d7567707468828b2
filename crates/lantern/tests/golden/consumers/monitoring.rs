//! Programs that collect sensors: their command lines, and their rules for reading the answer.

use super::Programs;
use crate::pair::Pair;

const REMOTE: &str = "-I lanplus -H HOST -p PORT -C 17 -U admin -P PASSWORD";

/// What is between bars.
fn fields(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// Telegraf's `ipmi_sensor`: both outputs are read as one, and any exit code but 0 is an error.
#[test]
fn telegraf_reads_the_same_sensors() {
    let Some((pair, programs)) = Pair::specimens().zip(Programs::find()) else { return };
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache");
    let cache = cache.to_str().unwrap();
    let same = |words: &str| {
        let line = format!("{REMOTE} -L ADMINISTRATOR {words}");
        programs.same_in_all(&pair, &line, &[])
    };
    same(&format!("sdr dump {cache}"));
    for options in [String::new(), format!("-S {cache} ")] {
        // First version: name, value with unit, state.
        let said = same(&format!("{options}sdr"));
        let (mut figures, mut unnamed) = (0, 0);
        for line in said.lines() {
            let [name, value, state] = fields(line)[..] else { panic!("{line}") };
            unnamed += usize::from(name.is_empty());
            assert!(!state.is_empty(), "{line}");
            let first = value.split(' ').next().unwrap();
            figures += usize::from(first.parse::<f64>().is_ok());
        }
        // There is one record without a name among the specimens.
        assert_eq!(unnamed, 1, "{said}");
        assert!(figures > 20 && said.lines().count() > 40, "{said}");
        // Second version: name, number, state, entity, value with unit or a text, or nothing.
        let said = same(&format!("{options}sdr elist"));
        for line in said.lines() {
            let [name, number, state, entity, _] = fields(line)[..] else { panic!("{line}") };
            assert!(name.len() <= 16 && !state.is_empty(), "{line}");
            let digits = number.strip_suffix('h').unwrap();
            assert!(u8::from_str_radix(digits, 16).is_ok(), "{line}");
            let (id, instance) = entity.split_once('.').unwrap();
            assert!(id.parse::<u8>().is_ok() && instance.parse::<u8>().is_ok(), "{line}");
        }
    }
    assert_eq!(same("chassis power status"), "Chassis Power is on\n");
    let said = same("dcmi power reading");
    let watts = said.lines().filter_map(|line| line.split_once(':')).filter_map(|(_, value)| {
        value.trim().strip_suffix(" Watts").and_then(|watts| watts.trim().parse::<u32>().ok())
    });
    assert_eq!(watts.count(), 4, "{said}");
}

/// LibreNMS looks once for sensors with limits, then polls CSV.
#[test]
fn librenms_discovers_and_polls_the_same() {
    let Some(pair) = Pair::reference() else { return };
    let found = pair.same("-L USER -N 3 sensor");
    let mut names = Vec::new();
    for line in found.lines() {
        let fields = fields(line);
        assert_eq!(fields.len(), 10, "{line}");
        assert!(fields[4..].iter().all(|f| *f == "na" || f.parse::<f64>().is_ok()), "{line}");
        if fields[1] != "na" && fields[2] != "discrete" {
            assert!(fields[1].parse::<f64>().is_ok(), "{line}");
            names.push(fields[0].to_owned());
        }
    }
    assert!(names.len() > 20, "{found}");
    let polled = pair.same("-L USER -N 3 -c sdr");
    for name in names {
        let line = polled.lines().find(|line| line.split(',').next() == Some(&name)).unwrap();
        let [_, value, _, state] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        assert!(value.parse::<f64>().is_ok() && !state.is_empty(), "{line}");
    }
}

/// As the collector of node_exporter's text files does: awk over fields between bars with or
/// without blanks, one metric for each unit.
#[test]
fn awk_makes_the_same_metrics() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let script = r#"ipmitool $BMC sensor | awk -F '[ ]*[|][ ]*' '
        BEGIN { split("degrees C:Volts:Amps:Watts:RPM:percent:discrete", unit, ":")
                for (i in unit) known[unit[i]] = unit[i] }
        $2 == "na" { next }
        !($3 in known) { print "unknown: " $0; next }
        { kind = $3; gsub(" ", "_", kind)
          printf "ipmi_%s{sensor=\"%s\",state=\"%s\"} %s\n", tolower(kind), $1, $4, $2 + 0 }'"#;
    let metrics = programs.same_script(&pair, script);
    for unit in ["degrees_c", "volts", "watts", "rpm"] {
        assert!(metrics.contains(&format!("ipmi_{unit}{{")), "{unit}: {metrics}");
    }
    assert!(!metrics.contains("unknown"), "{metrics}");
}

/// Checkmk's section, and OPNsense's, which leaves out what has no value.
#[test]
fn agents_pass_the_same_lines_on() {
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let all = programs.same_script(&pair, "echo '<<<ipmi:sep(124)>>>'; ipmitool $BMC sensor list");
    assert!(all.lines().skip(1).all(|line| fields(line).len() == 10), "{all}");
    let script = "ipmitool $BMC sensor list | grep -v ' na ' | sed -e 's/ *| */|/g' -e 's/ /_/g'";
    programs.same_script(&pair, script);
    // Scripts that turn fans do this to all temperatures.
    let script =
        "ipmitool $BMC sdr type Temperature | grep -i cpu | cut -d'|' -f5 | grep -oE '^ [0-9]+'";
    assert!(!programs.same_script(&pair, script).is_empty());
    let script = "ipmitool $BMC -c sdr get 'CPU1 Temp' | cut -d, -f2";
    assert!(programs.same_script(&pair, script).trim().parse::<f64>().is_ok());
}

/// Unraid's plugin counts commas.
#[test]
fn unraid_finds_every_field_in_its_place() {
    let Some(pair) = Pair::reference() else { return };
    let sensors = pair.same("-N 1 -R 1 -c -v sdr");
    let analog = sensors.lines().filter(|line| line.split(',').count() >= 18);
    assert!(analog.count() > 20, "{sensors}");
    let events = pair.same("-N 1 -R 1 -c sel elist");
    assert!(events.lines().count() > 3, "{events}");
    for line in events.lines() {
        assert!(line.split(',').count() >= 6, "{line}");
    }
    pair.same("-N 1 -R 1 -c sel info");
}
