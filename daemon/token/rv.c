/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table: number, name, meaning, error.
 */
#include "daemon/token/rv.h"

#include "daemon/base/error.h"
#include "daemon/tokenhost/protocol.h"
#include "module/wire/cryptoki.h"

#define ROW(value, meaning, code)                               \
    {                                                           \
        value, #value, MEISHI_RV_##meaning, MEISHI_ERROR_##code \
    }

static const struct {
    guint64 value;
    const char *name;
    MeishiRv meaning;
    MeishiErrorCode code;
} rows[] = {
    ROW(CKR_OK, OK, FAILED),
    ROW(MEISHI_HOST_STALE, GONE, UNAVAILABLE),
    ROW(CKR_DEVICE_REMOVED, GONE, UNAVAILABLE),
    ROW(CKR_TOKEN_NOT_PRESENT, GONE, UNAVAILABLE),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, GONE, UNAVAILABLE),
    ROW(CKR_SLOT_ID_INVALID, GONE, UNAVAILABLE),
    ROW(CKR_SESSION_HANDLE_INVALID, GONE, UNAVAILABLE),
    ROW(CKR_SESSION_CLOSED, GONE, UNAVAILABLE),
    ROW(CKR_GENERAL_ERROR, CONFUSED, UNAVAILABLE),
    ROW(CKR_DEVICE_ERROR, CONFUSED, UNAVAILABLE),
    ROW(CKR_DEVICE_MEMORY, CONFUSED, UNAVAILABLE),
    ROW(CKR_HOST_MEMORY, CONFUSED, UNAVAILABLE),
    ROW(CKR_OBJECT_HANDLE_INVALID, CONFUSED, UNAVAILABLE),
    ROW(CKR_KEY_HANDLE_INVALID, CONFUSED, UNAVAILABLE),
    ROW(CKR_OPERATION_ACTIVE, CONFUSED, UNAVAILABLE),
    ROW(CKR_SESSION_COUNT, BUSY, BUSY),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, CONFUSED, UNAVAILABLE),
    ROW(CKR_USER_NOT_LOGGED_IN, LOGGED_OUT, LOCKED),
    ROW(CKR_PIN_INCORRECT, WRONG_PIN, WRONG_SECRET),
    ROW(CKR_PIN_INVALID, BAD_PIN, INVALID_ARGUMENT),
    ROW(CKR_PIN_LEN_RANGE, BAD_PIN, INVALID_ARGUMENT),
    ROW(CKR_PIN_LOCKED, BLOCKED, LOCKED),
    ROW(CKR_PIN_EXPIRED, BLOCKED, LOCKED),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, BLOCKED, LOCKED),
    ROW(CKR_FUNCTION_CANCELED, CANCELLED, CANCELLED),
    ROW(CKR_MECHANISM_INVALID, REFUSED, MECHANISM),
    ROW(CKR_MECHANISM_PARAM_INVALID, REFUSED, PARAM),
    ROW(CKR_KEY_TYPE_INCONSISTENT, REFUSED, KEY_TYPE),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, REFUSED, NOT_PERMITTED),
    ROW(CKR_DATA_INVALID, REFUSED, BAD_DATA),
    ROW(CKR_DATA_LEN_RANGE, REFUSED, DATA_LENGTH),
    ROW(CKR_ENCRYPTED_DATA_INVALID, REFUSED, BAD_DATA),
    ROW(CKR_ENCRYPTED_DATA_LEN_RANGE, REFUSED, DATA_LENGTH),
    ROW(CKR_KEY_SIZE_RANGE, REFUSED, KEY_TYPE),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, REFUSED, MECHANISM),
    ROW(CKR_FUNCTION_REJECTED, REFUSED, DENIED),
    ROW(CKR_ACTION_PROHIBITED, REFUSED, NOT_PERMITTED),
    ROW(CKR_TOKEN_WRITE_PROTECTED, REFUSED, NOT_PERMITTED),
    ROW(CKR_SESSION_READ_ONLY, REFUSED, NOT_PERMITTED),
    ROW(CKR_ATTRIBUTE_READ_ONLY, REFUSED, NOT_PERMITTED),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID, REFUSED, NOT_PERMITTED),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, REFUSED, NOT_PERMITTED),
    ROW(CKR_TEMPLATE_INCOMPLETE, REFUSED, NOT_PERMITTED),
    ROW(CKR_TEMPLATE_INCONSISTENT, REFUSED, NOT_PERMITTED),
    ROW(CKR_DOMAIN_PARAMS_INVALID, REFUSED, NOT_PERMITTED),
    ROW(CKR_ARGUMENTS_BAD, REFUSED, PARAM),
    ROW(MEISHI_HOST_TOO_LONG, REFUSED, TOO_EXPENSIVE),
};

/* What no row knows is the request's fault until it is seen otherwise. */
MeishiRv
meishi_rv_judge(guint64 status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].value == status)
            return rows[i].meaning;
    }
    return status == CKR_FUNCTION_FAILED ? MEISHI_RV_CONFUSED : MEISHI_RV_REFUSED;
}

gboolean
meishi_rv_is_about_pin(guint64 status)
{
    MeishiRv meaning = meishi_rv_judge(status);

    return meaning == MEISHI_RV_WRONG_PIN || meaning == MEISHI_RV_BAD_PIN ||
           meaning == MEISHI_RV_BLOCKED;
}

char *
meishi_rv_name(guint64 status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].value == status && status < MEISHI_HOST_STALE)
            return g_strdup(rows[i].name);
    }
    return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", status);
}

static MeishiErrorCode
code_of(guint64 status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].value == status)
            return rows[i].code;
    }
    return MEISHI_ERROR_FAILED;
}

GError *
meishi_rv_error(guint64 status, const char *token, const char *what)
{
    static const char *const sentences[] = {
        [MEISHI_RV_GONE] = "The token “%s” was removed.",
        [MEISHI_RV_LOGGED_OUT] = "The token “%s” wants its PIN.",
        [MEISHI_RV_WRONG_PIN] = "This is not the PIN of the token “%s”.",
        [MEISHI_RV_BAD_PIN] = "A PIN of the token “%s” has another length or other characters.",
        [MEISHI_RV_BLOCKED] = "The PIN of the token “%s” is blocked.",
        [MEISHI_RV_BUSY] = "Other programs have taken all sessions of the token “%s”; it can be "
                           "used when one of them has ended.",
        [MEISHI_RV_CANCELLED] = "The PIN of the token “%s” was not typed at its reader.",
    };
    MeishiRv meaning = meishi_rv_judge(status);
    g_autofree char *name = meishi_rv_name(status);
    GString *text = g_string_new(NULL);
    GError *error;

    if (meaning < G_N_ELEMENTS(sentences) && sentences[meaning] != NULL) {
        g_auto(GStrv) parts = g_strsplit(sentences[meaning], "%s", 2);

        g_string_append_printf(text, "%s%s%s", parts[0], token, parts[1]);
    } else {
        g_string_append_printf(text, "The token “%s” cannot %s (%s).", token, what, name);
    }
    error = g_error_new_literal(MEISHI_ERROR, (gint)code_of(status), text->str);
    g_string_free(text, TRUE);
    return error;
}
