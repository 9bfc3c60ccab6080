using Fanout.Node.Api;

namespace Fanout.Node.Hosting;

/// <summary>Problem details for what ASP.NET itself refuses: no such path, no such method, a body that breaks off, a fault of ours.</summary>
internal static class ProblemAnswers
{
    public static IServiceCollection AddProblems(this IServiceCollection services) =>
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context => ApiProblem.Complete(context.ProblemDetails));

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = error => error is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
            // A caller that sent rubbish or went away is no fault of ours.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException or OperationCanceledException,
        });
        app.UseStatusCodePages();
    }
}
