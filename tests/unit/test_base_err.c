#include <criterion/criterion.h>

#include <errno.h>

#include "common/base/err.h"

Test(err, every_code_has_a_text_of_its_own)
{
	for (int code = ERR_OK; code >= ERR_LAST; code--) {
		cr_assert_not_null(err_text(code), "%d", code);
		cr_expect_str_neq(err_text(code), "unknown error", "%d", code);
		for (int other = ERR_OK; other > code; other--) {
			cr_expect_str_neq(
				err_text(code), err_text(other), "%d and %d", code, other);
		}
	}
}

Test(err, other_numbers_are_unknown)
{
	cr_expect_str_eq(err_text(ERR_LAST - 1), "unknown error");
	cr_expect_str_eq(err_text(1), "unknown error");
}

static const struct {
	int errnum;
	int code;
} numbers[] = {
	{ENOMEM, ERR_NOMEM},
	{ENOENT, ERR_NOTFOUND},
	{EEXIST, ERR_EXISTS},
	{EACCES, ERR_DENIED},
	{EPERM, ERR_DENIED},
	{ENOSPC, ERR_FULL},
	{EAGAIN, ERR_BUSY},
	{EIO, ERR_IO},
	{99999, ERR_IO},
};

Test(err, errno_is_mapped)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		cr_expect_eq(err_from_errno(numbers[i].errnum), numbers[i].code, "errno %d",
			numbers[i].errnum);
	}
}

Test(err, a_message_takes_code_place_and_text)
{
	struct err_msg msg;

	cr_expect_eq(err_set(&msg, ERR_RANGE, "%d is too much", 7), ERR_RANGE);
	cr_expect_eq(msg.code, ERR_RANGE);
	cr_expect_eq(msg.offset, 0);
	cr_expect_str_eq(msg.text, "7 is too much");
	cr_expect_eq(err_set_at(&msg, ERR_INVALID, 12, "here"), ERR_INVALID);
	cr_expect_eq(msg.offset, 12);
	cr_expect_str_eq(msg.text, "here");
}

Test(err, nobody_has_to_listen)
{
	cr_expect_eq(err_set(NULL, ERR_RANGE, "%d", 7), ERR_RANGE);
	cr_expect_eq(err_set_at(NULL, ERR_RANGE, 1, "%d", 7), ERR_RANGE);
	errno = ENOENT;
	cr_expect_eq(err_set_errno(NULL, "%d", 7), ERR_NOTFOUND);
}

Test(err, a_long_text_is_cut)
{
	static char text[2 * ERR_TEXT_MAX];
	struct err_msg msg;

	memset(text, 'x', sizeof(text) - 1);
	(void)err_set(&msg, ERR_RANGE, "%s", text);
	cr_expect_eq(strlen(msg.text), ERR_TEXT_MAX - 1);
	errno = ENOENT;
	cr_expect_eq(err_set_errno(&msg, "%s", text), ERR_NOTFOUND);
	cr_expect_eq(strlen(msg.text), ERR_TEXT_MAX - 1);
}

Test(err, a_failed_call_is_explained)
{
	struct err_msg msg;

	errno = EACCES;
	cr_expect_eq(err_set_errno(&msg, "cannot open %s", "x"), ERR_DENIED);
	cr_expect_str_eq(msg.text, "cannot open x: Permission denied");
}
