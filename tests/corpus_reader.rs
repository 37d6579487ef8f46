//! Every file of the conformance corpus through the reader: no panic, every span
//! resolves, and what concerns lines (not keywords) is judged as the labels say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keepalived::control_plane::diag::{Diags, Severity};
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::reader::{Reader, ReaderOptions};
use keepalived::control_plane::words::Item;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, Loaded, compiled, load};

const TMP: &str = "/t";
const MAIN: &str = "/t/conf/main.conf";

/// One row of `labels.tsv`.
struct Label {
    file: String,
    status: u8,
    arguments: String,
    environment: BTreeMap<String, String>,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/corpus")
}

fn labels() -> Vec<Label> {
    let text = fs::read_to_string(corpus().join("labels.tsv")).expect("the corpus can be read");
    let rows = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let column = |number: usize| columns.get(number).copied().unwrap_or("");
        let pairs = column(5)
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='));
        Label {
            file: column(0).to_owned(),
            status: column(1).parse().expect("the corpus can be read"),
            arguments: column(4).to_owned(),
            environment: pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    })
    .collect()
}

/// What `setup.sh` makes, as far as includes concern it.
fn tree(main: &[u8]) -> Memory {
    let instance = |name: &str| format!("vrrp_instance {name} {{\n}}\n");
    let text = String::from_utf8_lossy(main);
    let main = match text {
        std::borrow::Cow::Borrowed(text) => text
            .replace("@TMP@", TMP)
            .replace("@CONF@", MAIN)
            .replace("@NS@", "ns")
            .into_bytes(),
        std::borrow::Cow::Owned(_) => main.to_vec(),
    };
    Memory::with(MAIN, main)
        .and("/t/inc/one.conf", instance("INC1"))
        .and("/t/inc/two.conf", instance("INC2"))
        .and("/t/inc/p1.conf", instance("INC3"))
        .and("/t/inc/p2.conf", instance("INC4"))
        .and("/t/inc/chain.conf", "include deep/nested.conf\n")
        .and("/t/inc/deep/nested.conf", instance("DEEP"))
        .and("/t/inc/body.inc", "priority 77\nadvert_int 2\n")
        .and("/t/inc/vips.inc", "10.77.9.1/32\n10.77.9.2/32\n")
        .and("/t/inc/vars.inc", "$NET=10.77.9\n$ID=66\n")
        .and(
            "/t/inc/broken.conf",
            "vrrp_instance BROKEN {\n    interfase eth0\n}\n",
        )
        .and("/t/inc/unclosed.conf", "vrrp_instance OPEN {\n")
        .and("/t/inc/empty.conf", "")
        .and("/t/dir.conf/file", "")
        .and_executable("/t/inc/exec.conf", "")
}

fn options(label: &Label) -> ReaderOptions {
    let words: Vec<&str> = label.arguments.split_whitespace().collect();
    let after = words.iter().skip_while(|word| **word != "-i").nth(1);
    let long = words
        .iter()
        .find_map(|word| word.strip_prefix("--config-id="));
    ReaderOptions {
        config_id: after.copied().or(long).unwrap_or("node").to_owned(),
        all_include_checks: words.contains(&"-e"),
        environment: label.environment.clone(),
        random_seed: 1,
    }
}

/// Exit status by the reader alone, and the messages that count.
fn judge(label: &Label) -> (u8, Vec<String>) {
    let files = tree(&fs::read(corpus().join(&label.file)).expect("the corpus can be read"));
    let mut diags = Diags::default();
    let reader = Reader::open(&files, Path::new(MAIN), options(label), &mut diags);
    if let Some(mut reader) = reader {
        while let Some(item) = reader.next(&mut diags) {
            if let Item::Line(line) = item {
                assert!(
                    line.words
                        .iter()
                        .all(|word| reader.map().place(word.span).line > 0),
                    "{}",
                    label.file
                );
            }
        }
        assert!(
            diags
                .list
                .iter()
                .filter_map(|diag| diag.span)
                .all(|span| reader.map().contains(span))
        );
    }
    let counted = diags
        .list
        .iter()
        .filter(|diag| diag.severity > Severity::Note);
    (
        diags.exit_status(),
        counted.map(|diag| diag.text.clone()).collect(),
    )
}

#[test]
fn what_is_valid_is_read_without_a_word() {
    let mut wrong = Vec::new();
    for label in labels()
        .iter()
        .filter(|label| label.status == 0 && !label.file.contains("lenient."))
    {
        if label.arguments.contains("-f ") {
            continue;
        }
        let (status, told) = judge(label);
        if status != 0 {
            wrong.push(format!("{}: {status} {told:?}", label.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_with_lines_is_refused() {
    // The rest of the invalid files has mistakes that only the tables know.
    let concerned = [
        "bad.include",
        "bad.long-line",
        "bad.nul-",
        "bad.odd-quote",
        "bad.env-two",
        "bad.random-reversed",
        "bad.seq-",
        "bad.lst-",
        "bad.tilde-",
        "bad.condition-chained",
        "bad.define-space",
        "bad.utf8-bom",
        "bad.all-config",
    ];
    // Their reason is a keyword's, an unclosed block or a file outside this tree.
    let other = ["include-check-unknown", "include-unclosed", "-dangling"];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for label in &labels() {
        let (status, told) = judge(label);
        let name = label.file.strip_prefix("invalid/").unwrap_or_default();
        let of_lines = concerned.iter().any(|part| name.starts_with(part));
        if !of_lines || other.iter().any(|part| label.file.contains(part)) {
            continue;
        }
        seen += 1;
        let as_labelled = if label.status == 6 {
            status == 6
        } else {
            status != 0
        };
        if !as_labelled {
            wrong.push(format!("{}: {status} {told:?}", label.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 25, "{seen}");
}

/// The whole way to a configuration.
fn compile(files: &Memory, reader: ReaderOptions) -> Loaded {
    let options = LoadOptions { reader };
    load(files, Path::new(MAIN), &options, &AnyMachine::default())
}

#[test]
fn what_is_printed_means_the_same() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    let labels = labels();
    for label in labels.iter().filter(|label| label.status == 0) {
        let text = fs::read(corpus().join(&label.file)).expect("the corpus can be read");
        let loaded = compile(&tree(&text), options(label));
        let is_sound = |loaded: &Loaded| {
            let mut all = loaded.diags.list.iter();
            all.all(|diag| diag.severity < Severity::Error)
        };
        let Some(config) = loaded.config.as_ref().filter(|_| is_sound(&loaded)) else {
            continue;
        };
        seen += 1;
        let printed = config.print(true);
        let again = compile(&Memory::with(MAIN, &printed), options(label));
        let print = |config: &Rc<Config>| config.print(true);
        if !is_sound(&again) || again.config.as_ref().map(print) != Some(printed) {
            wrong.push(label.file.as_str());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 1000, "{seen}");
}

/// What a child takes over at a reload is what the parent has compiled.
#[test]
fn what_is_handed_over_is_the_same() {
    let mut seen = 0;
    for label in labels() {
        let text = fs::read(corpus().join(&label.file)).expect("the corpus can be read");
        let Some(config) = compile(&tree(&text), options(&label)).config else {
            continue;
        };
        seen += 1;
        let mut octets = Vec::new();
        compiled::write(&config, &mut octets).expect("a vector takes all");
        let child = compiled::read(&octets, None);
        assert!(child.as_ref() == Some(&*config), "{}", label.file);
    }
    assert!(seen >= 1000, "{seen}");
}
