"""What a folder-watching daemon meets, which tests stand for it, and what protects digitdrop from it.

`tests/benchmarks/protections.py` takes each protection out and sees its tests fail; the suite itself only sees to it
that the tests and the protected lines named here exist.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protection:
    """A change of one file that takes a protection out, and the tests each of which must fail then.

    Attributes:
        path: of the file, from the root.
        code: stands in it once.
        without: what stands there when the protection is taken out.
        tests: node ids of pytest, below tests/.
    """

    path: str
    code: str
    without: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """One of the things that happen.

    Attributes:
        text: what happens, and what must come of it.
        protections: what is taken out, one at a time.
        tests: more tests that stand for it.
    """

    text: str
    protections: tuple[Protection, ...]
    tests: tuple[str, ...] = ()


READY, SCAN, INBOX, WATCH = (
    "daemon/test_ready.py",
    "daemon/test_scan.py",
    "daemon/journey/test_inbox.py",
    "daemon/test_watch.py",
)
ARRIVAL, BAD_INPUT, FAULTS = "end_to_end/test_arrival.py", "end_to_end/test_bad_input.py", "end_to_end/test_faults.py"
ORIGINALS = "daemon/originals"
WORKER, LOAD = "daemon/journey/test_worker.py", "recognition/loading/test_load.py"
TWINS, NAMES = "daemon/journey/test_twins.py", "daemon/journey/test_names.py"
ATTEMPTS, REPLACED = "daemon/journey/test_attempts.py", "daemon/journey/test_replaced.py"
DELIVERY = "daemon/journey/test_delivery.py"
PACE, STOP = "daemon/journey/loop/test_pace.py", "daemon/journey/loop/test_stop.py"

SITUATIONS: dict[int, Situation] = {
    1: Situation(
        "A scanner writes a file in chunks and closes it after each: one result, of the whole content.",
        (
            Protection(
                "daemon/ready.py",
                "            seen.identity, seen.since = identity, now  #",
                "            seen.identity = identity  #",
                (f"{READY}::test_ten_chunks_two_seconds_apart_are_one_file",),
            ),
        ),
        (f"{ARRIVAL}::test_ten_chunks_each_closed_with_long_pauses_give_one_result_of_the_whole",),
    ),
    2: Situation(
        "An empty placeholder is filled much later: it is read once and never fails.",
        (
            Protection(
                "daemon/ready.py",
                "        if seen.identity.size == 0:",
                "        if seen.identity.size < 0:",
                (
                    f"{READY}::test_an_empty_file_waits_without_end_and_is_named_once",
                    f"{BAD_INPUT}::test_an_empty_file_waits_and_is_read_when_it_is_filled",
                ),
            ),
        ),
    ),
    3: Situation(
        "A file has its final size first and is filled slowly: it is not read before it is quiet.",
        (
            Protection(
                "daemon/documents.py",
                "return cls(status.st_ino, status.st_size, status.st_mtime_ns)",
                "return cls(status.st_ino, status.st_size, 0)",
                (f"{READY}::test_any_change_that_no_event_told_of_begins_the_time_anew",),
            ),
        ),
        (f"{ARRIVAL}::test_a_file_of_its_final_size_that_is_filled_slowly_is_read_when_it_is_full",),
    ),
    4: Situation(
        "Half a JPEG, of which decoders make a whole picture: it waits for its rest, then fails, and gives no digits.",
        (
            Protection(
                "recognition/completeness.py",
                "                position = found.start() if found else len(data)\n    return False",
                "                position = found.start() if found else len(data)\n    return True",
                (
                    f"{BAD_INPUT}::test_half_a_jpeg_goes_to_failed_and_gives_no_digits",
                    "recognition/loading/test_refusal.py::test_a_file_cut_short_gives_no_page",
                ),
            ),
        ),
        (f"{ATTEMPTS}::test_content_that_ends_too_early_is_waited_for_and_then_fails",),
    ),
    5: Situation(
        "A file under a temporary name is ignored; its renaming to the final name is one arrival.",
        (
            Protection(
                "config/schema.py",
                '    "*.part",\n',
                "",
                (
                    f"{SCAN}::test_what_is_not_finished_or_not_a_document_is_left_alone",
                    f"{ARRIVAL}::test_a_file_under_a_temporary_name_waits_for_its_final_one",
                ),
            ),
            Protection(
                "daemon/watch.py",
                "event.dest_path if isinstance(event, FileMovedEvent | DirMovedEvent) else event.src_path",
                "event.src_path",
                (f"{WATCH}::test_a_file_renamed_to_its_final_name_is_hinted_at_under_that",),
            ),
        ),
    ),
    6: Situation(
        "What systems and programs leave in folders, such as .DS_Store or Thumbs.db, is ignored.",
        (
            Protection(
                "config/schema.py",
                '    ".*",  #',
                "    #",
                (f"{SCAN}::test_what_is_not_finished_or_not_a_document_is_left_alone",),
            ),
        ),
    ),
    7: Situation(
        "Forty thousand files at once, more than events are told for: all are read in the end.",
        (
            Protection(
                "daemon/inbox.py",
                "        if now >= self._scan_due:",
                "        if self.scanned == 0:",
                (
                    "daemon/journey/test_flood.py::test_forty_thousand_files_that_arrive_under_load_are_all_taken_in_once",
                    f"{INBOX}::test_what_no_event_told_of_is_found_by_the_next_scan",
                ),
            ),
        ),
    ),
    8: Situation(
        "A folder is moved in with files in it, and files stood there before the start: all are read.",
        (
            Protection(
                "daemon/watch.py",
                "            if event.is_directory or len(self._paths) >= MAX_HINTS:",
                "            if len(self._paths) >= MAX_HINTS:",
                (f"{WATCH}::test_a_moved_folder_and_a_flood_of_files_ask_for_a_scan",),
            ),
        ),
        (
            f"{ARRIVAL}::test_a_folder_moved_in_keeps_its_place_in_the_outbox",
            f"{ARRIVAL}::test_what_stood_there_before_the_start_is_read_too",
        ),
    ),
    9: Situation(
        "A network share sends no events: it is searched every few seconds.",
        (
            Protection(
                "daemon/mounts.py",
                '    return kind not in _SILENT and not kind.startswith("fuse") and kind != "unknown"',
                "    return True",
                (
                    f"{FAULTS}::test_a_share_that_sends_no_events_is_searched_every_few_seconds",
                    f"{FAULTS}::test_a_share_mounted_inside_the_inbox_is_searched_too",
                    "daemon/test_mounts.py::test_shares_are_not_trusted_to_send_events",
                ),
            ),
        ),
    ),
    10: Situation(
        "The inbox is unmounted and mounted again: nothing is read twice.",
        (
            Protection(
                "daemon/ledger_arrivals.py",
                "return db.execute(query, (path, seen.size, seen.mtime_ns)).fetchone() is not None",
                "return False",
                (
                    f"{FAULTS}::test_an_inbox_that_is_unmounted_and_mounted_again_is_not_read_twice",
                    f"{WORKER}::test_without_an_archive_the_original_stays_and_is_not_read_again",
                ),
            ),
        ),
    ),
    11: Situation(
        "A handler of events that raises would end its thread, and the daemon be blind: it never raises.",
        (
            Protection(
                "daemon/watch.py",
                '        except Exception:\n            log.exception("a file event',
                '        except ZeroDivisionError:\n            log.exception("a file event',
                (f"{WATCH}::test_a_handler_never_raises_whatever_event_comes",),
            ),
        ),
    ),
    12: Situation(
        "The inbox is removed and made again, or a thread of the watch dies: it is noticed, and watched anew.",
        (
            Protection(
                "daemon/watch.py",
                "            if root == self._root and self.is_alive():",
                "            if self._root is not None and self.is_alive():",
                (f"{WATCH}::test_an_inbox_that_was_moved_away_and_replaced_is_watched_again",),
            ),
            Protection(
                "daemon/watch.py",
                "return bool(self._threads) and all(thread.is_alive() for thread in self._threads)",
                "return bool(self._threads)",
                (f"{WATCH}::test_every_thread_of_the_watch_that_dies_is_noticed",),
            ),
        ),
        (f"{INBOX}::test_an_inbox_that_vanishes_and_comes_back_is_a_problem_only_meanwhile",),
    ),
    13: Situation(
        "The inbox cannot be listed for a while: it is told, waited for, and nothing is read twice.",
        (
            Protection(
                "daemon/inbox.py",
                "        except OSError as error:\n            self.scan_problem",
                "        except ZeroDivisionError as error:\n            self.scan_problem",
                (
                    f"{INBOX}::test_an_inbox_that_can_not_be_listed_for_a_while_gives_nothing_twice",
                    f"{FAULTS}::test_a_server_that_goes_down_is_told_and_waited_for",
                ),
            ),
        ),
    ),
    14: Situation(
        "A name with the byte 0xff: it is read, its results stand under it, and tables and JSON hold it.",
        (
            Protection(
                "daemon/outbox.py",
                '.encode("utf-8", "backslashreplace") + b"\\n"',
                '.encode("utf-8") + b"\\n"',
                (
                    f"{BAD_INPUT}::test_a_name_that_is_no_utf_8_is_read_and_its_results_stand_under_it",
                    "daemon/test_outbox.py::test_a_name_with_the_byte_0xff_is_published_and_survives_the_json",
                ),
            ),
        ),
        ("daemon/test_ledger.py::test_names_of_any_bytes_survive",),
    ),
    15: Situation(
        "A small file of an enormous picture is refused from its header.",
        (
            Protection(
                "recognition/load_image.py",
                "    if image.width * image.height > params.max_megapixels * 1e6:",
                "    if image.width * image.height < 0:",
                (
                    f"{BAD_INPUT}::test_a_huge_picture_is_refused_from_its_header",
                    "recognition/loading/test_limits.py::test_a_huge_png_is_refused_from_its_header",
                ),
            ),
        ),
    ),
    16: Situation(
        "All pages of TIFF and PDF are read, pictures stand upright as their EXIF says, HEIC is read.",
        (
            Protection(
                "recognition/load_image.py",
                "_pages(image, data, params) if isinstance(image, TiffImagePlugin.TiffImageFile) else [0]",
                "[0]",
                (f"{LOAD}::test_every_page_of_a_tiff_is_read_in_order",),
            ),
            Protection(
                "recognition/load_image.py",
                "_orientation(image, data, kind, notes) if kind in _TURNED_BY_EXIF else UPRIGHT",
                "UPRIGHT",
                ("recognition/loading/test_orientation.py::test_exif_orientation_is_applied_once",),
            ),
        ),
        (
            f"{LOAD}::test_a_picture_of_every_kind_is_read_in_color",
            "recognition/loading/test_load_pdf.py::test_every_page_is_rendered_on_white_at_the_wanted_resolution",
        ),
    ),
    17: Situation(
        "Links, pipes and folders named like pictures are refused by name, links are not followed.",
        (
            Protection(
                "daemon/scan.py",
                "    status = entry.stat(follow_symlinks=False)",
                "    status = entry.stat()",
                (
                    f"{SCAN}::test_links_pipes_and_folders_named_like_pictures_are_refused_and_named_once",
                    f"{BAD_INPUT}::test_a_symlinked_folder_is_not_entered",
                ),
            ),
            Protection(
                "daemon/originals.py",
                "os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC",
                "os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC",
                (f"{ORIGINALS}/test_read.py::test_links_pipes_and_folders_are_not_read",),
            ),
        ),
        (f"{REPLACED}::test_a_symbolic_link_that_takes_a_files_place_is_not_followed",),
    ),
    18: Situation(
        "A name that a spreadsheet would run, or with quotes and line breaks: its cell is inert, the CSV parses.",
        (
            Protection(
                "daemon/tables.py",
                'return f"\'{text}" if text.startswith(_FORMULA_STARTS) else text',
                "return text",
                (
                    "daemon/test_outbox.py::test_the_csv_of_a_hostile_name_parses_and_its_cell_is_inert",
                    "daemon/test_tables.py::test_libreoffice_reads_the_csv_and_runs_no_cell",
                ),
            ),
        ),
        (f"{BAD_INPUT}::test_a_name_that_a_spreadsheet_would_run_is_read",),
    ),
    19: Situation(
        "A file that crashes or hangs what reads it is put aside after some attempts, counted across restarts.",
        (
            Protection(
                "daemon/worker.py",
                "        if entry.is_poison(self._settings.engine.attempts):",
                "        if entry.attempts < 0:",
                (
                    f"{FAULTS}::test_a_file_that_crashes_its_worker_is_quarantined_and_the_others_go_on",
                    f"{ATTEMPTS}::test_poison_is_quarantined_after_its_attempts_counted_across_restarts",
                ),
            ),
            Protection(
                "daemon/engine/local.py",
                "            if limit is not None and now >= limit:",
                "            if limit is not None and now >= limit + 1e9:",
                (f"{FAULTS}::test_a_file_that_hangs_its_worker_is_ended_in_time_and_tried_again",),
            ),
        ),
    ),
    20: Situation(
        "Killed at any step of a document's life: no half file, no lost original, no row twice after the next start.",
        (
            Protection(
                "daemon/service.py",
                "        repair(settings, ledger)\n",
                "",
                (
                    "daemon/test_service.py::test_leftovers_of_a_killed_run_are_removed_and_its_work_taken_up",
                    "end_to_end/test_kill.py::test_killed_over_and_over_nothing_is_lost_twice_or_half",
                ),
            ),
            Protection(
                "daemon/originals.py",
                "    if holds(target, identity, sha256):\n        _remove_copied(",
                "    if sha256 is None and holds(target, identity, sha256):\n        _remove_copied(",
                (
                    f"{ORIGINALS}/test_move.py::test_a_copy_that_a_crash_left_behind_completes_the_move",
                    "daemon/journey/test_crashes.py::test_killed_at_any_step_the_next_start_repairs_it",
                ),
            ),
        ),
        (
            "daemon/journey/test_system_calls.py::test_killed_before_any_system_call_the_next_start_repairs_it",
            "daemon/journey/test_crashes.py::test_no_document_is_lost_or_acknowledged_twice_whatever_happens",
        ),
    ),
    21: Situation(
        "A full or read-only outbox, a missing share: the original stays, and all goes on when it is well again.",
        (
            Protection(
                "daemon/atomic.py",
                "            with suppress(OSError):  # the folder may be gone, which is then the error to report\n"
                "                temporary.unlink()\n            raise",
                "            raise",
                (
                    f"{FAULTS}::test_a_full_outbox_holds_results_until_there_is_space",
                    "daemon/test_atomic.py::test_an_error_leaves_the_old_file_and_nothing_else",
                ),
            ),
            Protection(
                "daemon/deliver.py",
                "    if not folder.is_dir():",
                "    if not folder:",
                (f"{DELIVERY}::test_a_missing_outbox_keeps_everything_until_it_is_back",),
            ),
        ),
        (
            f"{FAULTS}::test_a_read_only_outbox_is_told_and_waited_for",
            f"{FAULTS}::test_a_full_disk_under_the_ledger_is_told_and_nothing_is_lost",
            f"{ATTEMPTS}::test_an_unreadable_document_goes_to_failed_with_its_reason",
        ),
    ),
    22: Situation(
        "A file is replaced while it is read: the new one is read as well, and never archived as the old one.",
        (
            Protection(
                "daemon/originals.py",
                "        if not _is_original(target, identity, sha256):",
                "        if identity is None:",
                (f"{ORIGINALS}/test_replaced.py::test_a_file_that_takes_the_place_in_the_very_moment_is_put_back",),
            ),
            Protection(
                "daemon/originals.py",
                "            _require_same(os.fstat(reader.fileno()), identity)\n            shutil",
                "            identity = Identity.of(os.fstat(reader.fileno()))\n            shutil",
                (
                    f"{ORIGINALS}/test_replaced.py::test_a_file_that_takes_the_place_right_before_the_original_is_copied_is_not_copied_as_it",
                ),
            ),
            Protection(
                "daemon/originals.py",
                "    if _is_original(aside, identity, sha256):",
                "    if os.path.lexists(aside):",
                (
                    f"{ORIGINALS}/test_replaced.py::test_a_file_that_takes_the_place_in_the_moment_of_the_removal_is_put_back",
                    f"{ORIGINALS}/test_replaced.py::test_what_a_killed_removal_had_put_aside_is_removed_or_put_back",
                ),
            ),
        ),
        (
            f"{REPLACED}::test_a_file_replaced_in_the_middle_is_never_archived_as_the_old_one",
            f"{REPLACED}::test_new_content_that_arrives_while_the_old_is_in_work_is_a_document_of_its_own",
            f"{ORIGINALS}/test_replaced.py::test_a_file_that_takes_the_place_while_the_original_is_copied_stays",
            f"{ORIGINALS}/test_replaced.py::test_a_file_that_takes_the_place_while_the_target_is_hashed_stays",
            f"{PACE}::test_a_file_that_took_the_place_of_one_in_work_does_not_wait_for_the_next_scan",
        ),
    ),
    23: Situation(
        "The same name with other content keeps both results; the same content twice has one result.",
        (
            Protection(
                "daemon/outbox.py",
                "return self.taken(name) and self.holds(name) != sha256",
                "return False",
                (
                    f"{NAMES}::test_nothing_in_the_outbox_or_the_archive_is_overwritten",
                    "daemon/test_read.py::test_the_same_file_again_replaces_its_results_and_another_of_its_name_does_not",
                ),
            ),
            Protection(
                "daemon/worker.py",
                "        if twin is None:\n            return False",
                "        if twin is None or twin.key:\n            return False",
                (
                    f"{TWINS}::test_the_same_content_under_another_name_is_read_once",
                    f"{TWINS}::test_the_same_file_dropped_twice_leaves_both_originals_and_one_result",
                ),
            ),
        ),
        (f"{ARRIVAL}::test_another_scan_of_the_same_name_keeps_both_results",),
    ),
    24: Situation(
        "A spreadsheet holds the table: its rows are kept, and stand in it later.",
        (
            Protection(
                "daemon/days.py",
                "            level = logging.DEBUG",
                "            self._ledger.days.written(day)\n            level = logging.DEBUG",
                (
                    f"{FAULTS}::test_a_table_that_a_spreadsheet_holds_is_published_later",
                    "daemon/journey/test_days.py::test_rows_wait_while_a_spreadsheet_holds_the_table",
                ),
            ),
        ),
    ),
    25: Situation(
        "An original that cannot be read or moved: one clear message, tried again more and more seldom.",
        (
            Protection(
                "daemon/setbacks.py",
                "        level = logging.DEBUG if fault == entry.fault else logging.WARNING",
                "        level = logging.WARNING",
                (f"{FAULTS}::test_an_original_that_cannot_be_moved_is_told_once_and_kept",),
            ),
        ),
        (f"{FAULTS}::test_an_original_that_may_not_be_read_is_told_and_read_when_it_may",),
    ),
    26: Situation(
        "A second daemon on the same state is refused; so is an outbox inside the inbox, by whatever way.",
        (
            Protection(
                "daemon/lock.py",
                "            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)",
                "            pass",
                (
                    "daemon/test_lock.py::test_a_second_daemon_is_refused_with_the_pid_of_the_first",
                    "end_to_end/test_commands.py::test_a_second_daemon_on_the_same_folders_is_refused_with_the_pid_of_the_first",
                ),
            ),
            Protection(
                "config/folders.py",
                "Path(os.path.realpath(folder))",
                "folder",
                ("config/test_folders.py::test_a_symbolic_link_into_the_inbox_is_seen_through",),
            ),
        ),
    ),
    27: Situation(
        "A stop in the middle of work: what is in work is finished or given back in time.",
        (
            Protection(
                "daemon/loop.py",
                "        parts.worker.claiming = False\n",
                "",
                (f"{STOP}::test_nothing_new_is_claimed_while_stopping",),
            ),
            Protection(
                "daemon/loop.py",
                "parts.worker.in_work and self._clock() < deadline and self.stop_requests < 2",
                "parts.worker.in_work and self.stop_requests < 2",
                (f"{STOP}::test_a_stop_gives_back_what_does_not_finish_in_time",),
            ),
        ),
        (
            f"{STOP}::test_a_stop_lets_work_finish",
            "systemd/test_boot.py::test_a_stop_in_the_middle_of_work_is_clean_and_in_time",
        ),
    ),
    28: Situation(
        "Results have the mode that the share's users need, not that of a temporary file.",
        (
            Protection(
                "daemon/atomic.py",
                "os.O_CLOEXEC, 0o666)",
                "os.O_CLOEXEC, 0o600)",
                (
                    "daemon/test_atomic.py::test_a_file_has_the_mode_that_the_umask_gives",
                    "daemon/test_outbox.py::test_outputs_have_the_mode_that_the_share_needs",
                ),
            ),
        ),
    ),
}
