//! Inputs as a user names them: directories, links, pipes, standard input, what cannot be read; and output that cannot be
//! written.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use hsmstream_corpus::{Config, Corpus};
use hsmstream_tests::command::{Folder, Said, command, finish, run};

/// So many records, as text.
fn records(count: usize) -> Vec<u8> {
    let mut corpus = Corpus::new(Config::new(3));
    let mut text = Vec::new();
    for _ in 0..count {
        corpus.next_into(&mut text);
    }
    text
}

fn parse(folder: &Folder, arguments: &[&str]) -> Said {
    run(folder.path(), &[&["parse"], arguments].concat(), b"")
}

/// A line of a shell, in which `$0` is the program.
fn shell(folder: &Folder, line: &str, input: &[u8]) -> Said {
    let binary = command(folder.path(), &[]).get_program().to_owned();
    let mut shell = Command::new("bash");
    shell.args(["-c", line]).arg(binary).current_dir(folder.path());
    finish(shell, input)
}

/// Whatever they are called, each once, though a link leads back.
#[test]
fn a_directory_stands_for_all_files_below_it() {
    let folder = Folder::new();
    let below = folder.path().join("logs/deep");
    fs::create_dir_all(&below).expect("a folder");
    fs::write(folder.path().join("logs/a"), records(3)).expect("a file");
    fs::write(below.join(OsStr::from_bytes(b"n\xff[1].txt")), records(4)).expect("a file");
    fs::write(folder.path().join("elsewhere"), records(5)).expect("a file");
    symlink(folder.path(), below.join("back")).expect("a link");
    symlink(folder.path().join("elsewhere"), below.join("linked")).expect("a link");
    for threads in ["1", "2"] {
        let said = parse(&folder, &["logs", "--threads", threads]).expect(0);
        assert_eq!(said.json_lines().len(), 12);
    }
}

#[test]
fn what_gives_no_file_is_told() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    assert!(parse(&folder, &["empty"]).expect(3).err().contains("empty: no file below it"));
    assert!(parse(&folder, &["*.log"]).expect(3).err().contains("finds none"));
    assert!(parse(&folder, &["x", "--threads", "0"]).expect(2).err().contains("1..=256"));
}

/// Not that there is none. Who may do everything is not refused, and sees the file.
#[test]
fn a_file_that_may_not_be_looked_at_is_told() {
    let folder = Folder::new();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::write(locked.join("a"), records(1)).expect("a file");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("its owner");
    let may_look = fs::metadata(locked.join("a")).is_ok();
    let said = parse(&folder, &["locked/a"]).expect(if may_look { 0 } else { 3 });
    assert!(may_look || said.err().contains("ermission denied"), "{}", said.err());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).expect("its owner");
}

/// Who names it twice gets it once, whoever reads.
#[test]
fn standard_input_is_read_once() {
    let folder = Folder::new();
    for threads in ["1", "2", "8"] {
        let arguments = ["parse", "-", "-", "--rejects", "--threads", threads];
        let said = run(folder.path(), &arguments, &records(3000)).expect(0);
        let lines = said.json_lines();
        assert_eq!(lines.len(), 3000);
        assert!(lines.iter().all(|line| line["kind"] == "audit"));
    }
}

/// A pipe whose writer is in no hurry.
#[test]
fn what_a_pipe_gave_is_written_before_it_gives_more() {
    let folder = Folder::new();
    folder.write("some", records(200));
    for threads in ["1", "2"] {
        let line = format!(
            "mkfifo in$$ out$$; $0 parse in$$ --threads {threads} > out$$ & exec 4< out$$ 3> in$$; cat some >&3; \
             head -n 150 <&4 | wc -l; exec 3>&-; wait"
        );
        assert_eq!(shell(&folder, &line, b"").expect(0).out().trim(), "150", "{threads} threads");
    }
}

#[test]
fn output_that_cannot_be_written_is_told_if_that_can_be() {
    let folder = Folder::new();
    folder.write("text", records(500));
    let said = shell(&folder, "$0 parse text > /dev/full", b"").expect(3);
    assert!(said.err().contains("cannot write standard output: No space left"), "{}", said.err());
    shell(&folder, "$0 parse text > /dev/full 2> /dev/full", b"").expect(3).code.expect("a code");
    let said = shell(&folder, "echo garbage | $0 parse text - 2> /dev/full", b"").expect(0);
    assert_eq!(said.json_lines().len(), 500);
}
